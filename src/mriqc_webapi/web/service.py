"""What every route works with: the opened store, its copy, the catalogue and the checkers."""

import logging
from dataclasses import dataclass
from typing import Self

from mriqc_webapi.archive.archive import Archive
from mriqc_webapi.archive.ratings.desk import RatingDesk
from mriqc_webapi.archive.statistics.frame import Statistics
from mriqc_webapi.errors import NotFoundError
from mriqc_webapi.iqm.definitions import Catalogue, Resource
from mriqc_webapi.iqm.loader import load_catalogue
from mriqc_webapi.settings import Settings
from mriqc_webapi.store.engine import Store
from mriqc_webapi.store.receipts import Secrets
from mriqc_webapi.store.writer import Writer
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.web.access import RateLimits, TokenDesk
from mriqc_webapi.web.bodies import BodyReader
from mriqc_webapi.web.counting import Counter
from mriqc_webapi.web.easel import Easel
from mriqc_webapi.web.exported_files import ExportedFiles
from mriqc_webapi.web.exporting import ExportDesk
from mriqc_webapi.web.reading import QueryGate
from mriqc_webapi.web.relay.forwarder import Forwarder
from mriqc_webapi.web.sweeping import Sweeper

log = logging.getLogger(__name__)

MAX_QUERIES_AT_ONCE = 8
MAX_QUERIES_WAITING = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that is opened once per process and closed with it."""

    settings: Settings
    catalogue: Catalogue
    store: Store
    writer: Writer
    archive: Archive
    statistics: Statistics
    ratings: RatingDesk
    checkers: dict[str, Checker]
    tokens: TokenDesk
    rates: RateLimits
    bodies: BodyReader
    queries: QueryGate
    identity: str  # of the store
    secrets: Secrets  # of the store
    exports: ExportDesk
    sweeper: Sweeper
    easel: Easel
    counter: Counter
    forwarder: Forwarder | None  # None: nothing is passed on

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the store and its copy as the settings say."""
        catalogue = load_catalogue(settings.catalogue_dir)
        store = Store.open(settings.database_url)
        writer = Writer(store, queue_size=settings.queue_size)
        limits = settings.limits
        with store.read() as tx:
            secrets = Secrets.read(tx)
        archive = Archive.open(
            settings.data_dir,
            catalogue=catalogue,
            store=store,
            memory=settings.archive_memory,
            threads=settings.archive_threads,
            query_timeout_s=settings.query_timeout_s,
        )
        statistics = Statistics(archive, timeout_s=settings.query_timeout_s)
        files = ExportedFiles(settings.data_dir / 'exports')
        queries = QueryGate(
            n_at_once=MAX_QUERIES_AT_ONCE,
            n_waiting=MAX_QUERIES_WAITING,
            patience_s=settings.query_timeout_s,
        )
        return cls(
            settings=settings,
            catalogue=catalogue,
            store=store,
            writer=writer,
            archive=archive,
            statistics=statistics,
            ratings=RatingDesk(archive, patience_s=settings.query_timeout_s),
            checkers={n: Checker(r, limits=limits) for n, r in catalogue.resources.items()},
            tokens=TokenDesk(store, count_use=writer.count_use),
            rates=RateLimits(settings),
            bodies=BodyReader(limits),
            queries=queries,
            identity=store.identity(),
            secrets=secrets,
            exports=ExportDesk(files),
            sweeper=Sweeper(store, files, export_timeout_s=settings.export_timeout_s),
            easel=Easel(patience_s=settings.query_timeout_s),
            counter=Counter(statistics, catalogue, queries),
            forwarder=Forwarder.start(settings, store=store, archive=archive, catalogue=catalogue),
        )

    def resource(self, name: str) -> Resource:
        """Look a resource up by its name in the address."""
        if name not in self.catalogue:
            raise NotFoundError(f'there is no resource {name!r}')
        return self.catalogue[name]

    def close(self) -> None:
        """Finish what was accepted, then let go of everything."""
        self.writer.close()
        if self.forwarder is not None:
            self.forwarder.close()
        self.archive.close()
        self.store.close()
