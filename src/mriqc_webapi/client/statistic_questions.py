"""What can be asked of many records at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from mriqc_webapi.client import statistics as answers
from mriqc_webapi.client.asking import Question
from mriqc_webapi.client.place import Place
from mriqc_webapi.client.questions import Names, Options, View, Where, filter_text, given, names
from mriqc_webapi.client.steps import Steps
from mriqc_webapi.errors import QueryError
from mriqc_webapi.iqm.poster import POSTER

Range = tuple[float, float]
Period = Literal['day', 'week', 'month']


class StatisticQuestions:
    """Questions about many records, wherever the archive is."""

    place: Place

    @Question
    def growth(
        self,
        resource: str | None = None,
        *,
        per: Period | None = None,
        by: str | None = None,
        where: Where = None,
        view: View = 'raw',
    ) -> Steps[answers.Growth]:
        """Count records and images by when they came in; of each modality by default."""
        options = _options(where, view, per=per, by=by)
        told = yield from self.place.statistic('growth', resource, options)
        return answers.Growth(told)

    @Question
    def distribution(  # noqa: PLR0913 - one keyword per option
        self,
        resource: str,
        iqm: str,
        *,
        bins: int | None = None,
        range: Range | None = None,  # noqa: A002 - as on the wire
        percentiles: Iterable[float] | None = None,
        by: Names | None = None,
        min_group: int | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Distribution]:
        """Tell how an IQM is distributed: histogram, percentiles, moments.

        Parameters
        ----------
        bins : int, optional
            As many as the values call for by default.
        range : pair of float, optional
            Of the histogram, in the IQM's unit; all values by default.
        by : str or iterable of str, optional
            One field or two to group by: ``'vendor,field_strength'``.
        min_group : int, optional
            Groups with fewer values are told together.
        """
        chosen = given(bins=bins, range=range, percentiles=percentiles, min_group=min_group)
        options = _options(where, view, by=None if by is None else names(by), **chosen)
        told = yield from self.place.statistic('distribution', resource, {'iqm': iqm} | options)
        return answers.Distribution(told)

    @Question
    def distributions(
        self,
        resource: str,
        iqms: Names | None = None,
        *,
        by: Names | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Distributions]:
        """Tell how several IQMs are distributed, each over the middle of its range.

        Parameters
        ----------
        iqms : str or iterable of str, optional
            Those by which the archive was presented, by default.
        """
        chosen = POSTER.get(resource) if iqms is None else names(iqms)
        if not chosen:
            raise QueryError(f'say which IQMs of {resource} are meant')
        options = _options(where, view)
        grouped = given(by=None if by is None else names(by))
        summary = yield from self.place.statistic('summary', resource, options)
        ranges = {told['iqm']: _middle(told) for told in summary['iqms']}
        found = []
        for iqm in chosen:
            asked = {'iqm': iqm} | options | grouped | given(range=ranges.get(iqm))
            found.append((yield from self.place.statistic('distribution', resource, asked)))
        return answers.Distributions({'distributions': found})

    @Question
    def summary(
        self, resource: str, *, where: Where = None, view: View = 'canonical'
    ) -> Steps[answers.Summary]:
        """Tell ordinary values of every IQM."""
        told = yield from self.place.statistic('summary', resource, _options(where, view))
        return answers.Summary(told)

    @Question
    def percentiles(
        self,
        resource: str,
        iqms: Names | None = None,
        *,
        percentiles: Iterable[float] | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Percentiles]:
        """Tell the same percentiles of some IQMs, all by default: to place one's own values."""
        wanted = None if iqms is None else names(iqms)
        options = _options(where, view, iqms=wanted, percentiles=percentiles)
        told = yield from self.place.statistic('percentiles', resource, options)
        return answers.Percentiles(told)

    @Question
    def facets(
        self,
        resource: str,
        fields: Names | None = None,
        *,
        limit: int | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Facets]:
        """Count the values of some fields."""
        wanted = None if fields is None else names(fields)
        options = _options(where, view, fields=wanted, limit=limit)
        return answers.Facets((yield from self.place.statistic('facets', resource, options)))

    @Question
    def relation(
        self,
        resource: str,
        x: str,
        y: str,
        *,
        bins: int | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Relation]:
        """Count records over a grid of two IQMs."""
        options = {'x': x, 'y': y} | _options(where, view, bins=bins)
        return answers.Relation((yield from self.place.statistic('relation', resource, options)))

    @Question
    def correlation(
        self,
        resource: str,
        iqms: Names | None = None,
        *,
        method: Literal['pearson', 'spearman', 'both'] | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Correlation]:
        """Correlate every pair of some IQMs, all by default."""
        wanted = None if iqms is None else names(iqms)
        options = _options(where, view, iqms=wanted, method=method)
        told = yield from self.place.statistic('correlation', resource, options)
        return answers.Correlation(told)

    @Question
    def protocols(
        self,
        resource: str,
        fields: Names | None = None,
        *,
        limit: int | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Protocols]:
        """Count families of acquisition parameters."""
        wanted = None if fields is None else names(fields)
        options = _options(where, view, fields=wanted, limit=limit)
        told = yield from self.place.statistic('protocols', resource, options)
        return answers.Protocols(told)

    @Question
    def outliers(  # noqa: PLR0913 - one keyword per option
        self,
        resource: str,
        iqm: str,
        *,
        low: float | None = None,
        high: float | None = None,
        k: float | None = None,
        by: Names | None = None,
        limit: int | None = None,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Outliers]:
        """List records beyond limits, or `k` robust deviations from their group's median."""
        grouped = None if by is None else names(by)
        options = _options(where, view, low=low, high=high, k=k, by=grouped, limit=limit)
        told = yield from self.place.statistic('outliers', resource, {'iqm': iqm} | options)
        return answers.Outliers(told)

    @Question
    def coverage(
        self,
        resource: str,
        fields: Names | None = None,
        *,
        where: Where = None,
        view: View = 'canonical',
    ) -> Steps[answers.Coverage]:
        """Count in how many records fields are there."""
        options = _options(where, view, fields=None if fields is None else names(fields))
        return answers.Coverage((yield from self.place.statistic('coverage', resource, options)))


def _options(where: Where, view: View, **chosen: Any) -> Options:
    text = filter_text(where)
    return given(where=text or None, view=view, **chosen)


def _middle(told: dict[str, Any]) -> Range | None:
    """Choose which part of a distribution to tell: one far record would squeeze the rest."""
    found = {p['p']: p['value'] for p in told['percentiles']}
    low, high = found.get(1.0), found.get(99.0)
    if low is None or high is None or not low < high:
        return None
    margin = 0.15 * (high - low)
    first, last = max(told['min'], low - margin), min(told['max'], high + margin)
    return (first, last) if first < last else None
