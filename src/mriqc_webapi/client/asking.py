"""How a question is asked: written once as steps, it is waited for or awaited."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from mriqc_webapi.client.steps import Steps

if TYPE_CHECKING:
    from mriqc_webapi.client.archive import Archive, AsyncArchive

P = ParamSpec('P')
T = TypeVar('T')


class Question(Generic[P, T]):
    """A method that is written once, as steps: `Archive` waits for them, `AsyncArchive` awaits."""

    def __init__(self, logic: Callable[Concatenate[Any, P], Steps[T]]) -> None:
        self._logic = logic
        self.__name__ = logic.__name__
        self.__doc__ = logic.__doc__
        self.__signature__ = _told(logic)

    @overload
    def __get__(self, archive: None, kind: type) -> Self: ...
    @overload
    def __get__(self, archive: Archive, kind: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, archive: AsyncArchive, kind: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, archive: Archive | AsyncArchive | None, kind: type) -> Any:
        if archive is None:
            return self
        driver, logic = archive.driver, self._logic

        def ask(*args: P.args, **kwargs: P.kwargs) -> Any:
            return driver.run(logic(archive, *args, **kwargs))

        ask.__name__, ask.__doc__ = self.__name__, self.__doc__
        vars(ask)['__signature__'] = self.__signature__
        return ask


def _told(logic: Callable[..., Any]) -> inspect.Signature:
    """Give the signature that users see: without `self`, and with the result instead of steps."""
    signature = inspect.signature(logic)
    result = str(signature.return_annotation).removeprefix('Steps[').removesuffix(']')
    parameters = list(signature.parameters.values())[1:]
    return signature.replace(parameters=parameters, return_annotation=result)
