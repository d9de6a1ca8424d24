"""Figures of the archive that this process has, asked for but not yet drawn."""

from functools import partial

from mriqc_webapi.figures.registry import Figure, Wanted
from mriqc_webapi.web.answering import answering
from mriqc_webapi.web.easel import Look, Sketch
from mriqc_webapi.web.reading import in_thread
from mriqc_webapi.web.service import Service


async def sketch(service: Service, figure: Figure, wanted: Wanted, look: Look) -> Sketch:
    """Ask what a figure shows.

    Raises
    ------
    QueryError, NotFoundError
        What is wanted cannot be understood, or is not there.
    """
    figure.check(wanted)
    ask = partial(
        figure.ask, answering(service.statistics, service.ratings, service.catalogue), wanted
    )
    return Sketch(figure, wanted, look, await in_thread(service.easel.queries, ask))
