"""What can be asked of records and ratings, one by one or all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mriqc_webapi.client.asking import Question
from mriqc_webapi.client.mirroring import Mirrored, mirror
from mriqc_webapi.client.packages import require
from mriqc_webapi.client.place import Place
from mriqc_webapi.client.questions import (
    Names,
    TableFormat,
    View,
    Where,
    given,
    names,
    table_question,
)
from mriqc_webapi.client.service import ServicePlace
from mriqc_webapi.client.steps import Steps
from mriqc_webapi.errors import PlaceError, QueryError

if TYPE_CHECKING:
    from mriqc_webapi.client.frames import RecordFrame


class RecordQuestions:
    """Questions about records, wherever the archive is."""

    place: Place

    @Question
    def iqms(
        self,
        resource: str,
        where: Where = None,
        *,
        view: View = 'raw',
        fields: Names = (),
    ) -> Steps[RecordFrame]:
        """Fetch records as a pandas DataFrame, with ``to_polars()`` and ``to_arrow()``.

        Parameters
        ----------
        resource : str
            ``'T1w'``, ``'T2w'``, ``'bold'``, ``'dwi'``, or any other that the archive has.
        where : str or mapping, optional
            A filter, in JSON or Python syntax or as a mapping:
            ``{'bids_meta.MagneticFieldStrength': 3, 'cjv': {'$lt': 0.5}}``.
        view : {'raw', 'scan', 'canonical', 'canonical+quarantined'}
            All records, or one for each image, or for each image and way of measuring it.
        fields : str or iterable of str
            Only these; all by default.

        Raises
        ------
        QueryError, NotFoundError
            Filter or resource mean nothing there.
        """
        return (yield from self.place.frame(table_question(resource, where, view, fields)))

    @Question
    def download(
        self,
        resource: str,
        out: str | Path,
        where: Where = None,
        *,
        format: TableFormat | None = None,
        view: View = 'raw',
        fields: Names = (),
    ) -> Steps[int]:
        """Write records to a file, which bears its name only when it is whole.

        Called again after an interruption, it goes on with what has come, if that is Parquet.

        Parameters
        ----------
        format : {'parquet', 'arrow', 'csv', 'tsv', 'ndjson'}, optional
            What the file's name ends in by default.

        Returns
        -------
        int
            Size of the file in bytes.
        """
        path = Path(out).expanduser()
        question = table_question(resource, where, view, fields)
        return (yield from self.place.write(question, format or format_of(path), path))

    @Question
    def records(
        self,
        resource: str,
        where: Where = None,
        *,
        sort: str = '',
        limit: int | None = None,
        view: View = 'raw',
        fields: Names = (),
    ) -> Steps[list[dict[str, Any]]]:
        """Fetch records as they are stored, nested and whole.

        Parameters
        ----------
        sort : str
            Names in order of weight, a minus for descending: ``'-fd_mean,_created'``.
        limit : int, optional
            Most records; all by default.
        """
        question = table_question(resource, where, view, fields)
        return (yield from self.place.records(question, sort=sort, limit=limit))

    @Question
    def record(self, resource: str, id: str) -> Steps[dict[str, Any]]:
        """Fetch one record by its id; NotFoundError if there is none."""
        return (yield from self.place.record(resource, id))

    @Question
    def scan(self, md5sum: str) -> Steps[dict[str, Any]]:
        """Fetch everything about one image: records of all software versions, and ratings."""
        return (yield from self.place.scan(md5sum))

    @Question
    def ratings(
        self,
        *,
        md5sum: str | None = None,
        rater: str | None = None,
        session: str | None = None,
        linked: bool | None = None,
    ) -> Steps[RecordFrame]:
        """Fetch ratings as a DataFrame: the newest of each history, on whatever scale.

        Parameters
        ----------
        md5sum, rater, session : str, optional
            Only those of one image, rater or session.
        linked : bool, optional
            Only those that name their image, or only those that do not.
        """
        options = given(md5sum=md5sum, rater=rater, session=session, linked=linked)
        return _frame((yield from self.place.ratings(options)))

    @Question
    def labels(self, modality: str | None = None) -> Steps[RecordFrame]:
        """Fetch one label for each rated image, ready to be joined by ``md5sum``."""
        return _frame((yield from self.place.labels(given(modality=modality))))

    @Question
    def rating_rows(
        self, *, md5sum: str | None = None, rater: str | None = None
    ) -> Steps[list[dict[str, Any]]]:
        """Fetch ratings as they are told, without pandas."""
        return (yield from self.place.ratings(given(md5sum=md5sum, rater=rater)))

    @Question
    def label_rows(self, modality: str | None = None) -> Steps[list[dict[str, Any]]]:
        """Fetch labels as they are told, without pandas."""
        return (yield from self.place.labels(given(modality=modality)))

    @Question
    def dictionary(self, resource: str | None = None) -> Steps[RecordFrame]:
        """Fetch what each field means: type, unit, which direction is better, source."""
        return _frame((yield from self.place.dictionary(resource)))

    @Question
    def releases(self) -> Steps[RecordFrame]:
        """List the frozen releases."""
        told = yield from self.place.releases()
        return _frame(told['releases'])

    @Question
    def mirror(
        self,
        folder: str | Path,
        *,
        resources: Names = (),
        anew: bool = False,
        erase: bool = False,
    ) -> Steps[Mirrored]:
        """Keep the whole archive in a folder: the first call fetches all, later ones the changes.

        `Archive(folder)` then answers from there. Interrupted, it goes on at the next call.

        Parameters
        ----------
        resources : str or iterable of str
            Only these; all by default.
        anew : bool
            Fetch everything once more.
        erase : bool
            Write the file anew in the end. What was withdrawn is gone from every answer at once;
            this removes the last bytes of it from the file, too.

        Raises
        ------
        MirrorError
            The folder is another archive's mirror, or in use.
        PlaceError
            This archive is no service.
        """
        if not isinstance(self.place, ServicePlace):
            raise PlaceError(
                f'{self.place.name} is no service, so that there is nothing to mirror'
            )
        path = Path(folder).expanduser()
        return (yield from mirror(self.place, path, names(resources), anew=anew, erase=erase))


def format_of(path: Path) -> TableFormat:
    """Tell a table's format by the end of a file's name.

    Raises
    ------
    QueryError
        It ends in none.
    """
    formats: dict[str, TableFormat] = {
        '.parquet': 'parquet',
        '.arrow': 'arrow',
        '.csv': 'csv',
        '.tsv': 'tsv',
        '.ndjson': 'ndjson',
        '.jsonl': 'ndjson',
    }
    if path.suffix not in formats:
        raise QueryError(f'{path.name!r} ends in none of {", ".join(formats)}')
    return formats[path.suffix]


def _frame(rows: list[dict[str, Any]]) -> RecordFrame:
    frames = require('mriqc_webapi.client.frames')
    frame: RecordFrame = frames.RecordFrame(rows)
    return frame
