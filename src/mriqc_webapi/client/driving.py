"""The two drivers of the client's logic: one waits, the other awaits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mriqc_webapi.client.steps import Ask, LostError, Pause, Reply, Step, Steps, Work
from mriqc_webapi.errors import ForeignAnswerError

if TYPE_CHECKING:
    import httpx2

T = TypeVar('T')

TIMEOUT_S = 30.0  # longest silence of a service, unless a question says otherwise
CONNECT_S = 10.0


class Driver:
    """Carries out steps, one after the other.

    Parameters
    ----------
    transport : httpx2.BaseTransport, optional
        Something that answers instead of the network, such as `client.testing` has.
    follow_redirects : bool
        Whether an answer that names another address is followed there.
    """

    def __init__(
        self,
        *,
        headers: Mapping[str, str],
        transport: httpx2.BaseTransport | None = None,
        follow_redirects: bool = True,
    ) -> None:
        self._options: dict[str, Any] = {
            'headers': dict(headers),
            'transport': transport,
            'follow_redirects': follow_redirects,
        }
        self._opened: httpx2.Client | None = None

    def run(self, steps: Steps[T]) -> T:
        """Carry out all steps, and give the result."""
        with contextlib.closing(steps):
            try:
                step = next(steps)
                while True:
                    try:
                        outcome = self._take(step)
                    except Exception as error:  # the logic's own affair: it may go on
                        step = steps.throw(error)
                    else:
                        step = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result

    def close(self) -> None:
        """Let go of connections."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _take(self, step: Step) -> Any:
        match step:
            case Ask():
                return self._ask(step)
            case Pause(seconds):
                return time.sleep(seconds)
            case Work(run):
                return run()

    def _ask(self, ask: Ask) -> Reply:
        if self._opened is None:
            import httpx2

            self._opened = httpx2.Client(**self._options)
        with _Losses() as losses, self._opened.stream(**_words(ask)) as response:
            answer = _head(response)
            if ask.sink is None or answer.status not in {200, 206}:
                return replace(answer, content=response.read())
            losses.has_begun = True
            ask.sink.begin(answer.status, answer.headers)
            for part in response.iter_bytes():
                ask.sink.write(part)
            return answer


class AsyncDriver:
    """Carries out steps while others get their turn."""

    def __init__(
        self, *, headers: Mapping[str, str], transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._options: dict[str, Any] = {'headers': dict(headers), 'transport': transport}
        self._opened: httpx2.AsyncClient | None = None

    async def run(self, steps: Steps[T]) -> T:
        """Carry out all steps, and give the result."""
        with contextlib.closing(steps):
            try:
                step = next(steps)
                while True:
                    try:
                        outcome = await self._take(step)
                    except Exception as error:  # the logic's own affair: it may go on
                        step = steps.throw(error)
                    else:
                        step = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result

    async def close(self) -> None:
        """Let go of connections."""
        if self._opened is not None:
            await self._opened.aclose()
            self._opened = None

    async def _take(self, step: Step) -> Any:
        import anyio

        match step:
            case Ask():
                return await self._ask(step)
            case Pause(seconds):
                return await anyio.sleep(seconds)
            case Work(run):
                return await anyio.to_thread.run_sync(run)

    async def _ask(self, ask: Ask) -> Reply:
        if self._opened is None:
            import httpx2

            self._opened = httpx2.AsyncClient(follow_redirects=True, **self._options)
        with _Losses() as losses:
            async with self._opened.stream(**_words(ask)) as response:
                answer = _head(response)
                if ask.sink is None or answer.status not in {200, 206}:
                    return replace(answer, content=await response.aread())
                losses.has_begun = True
                ask.sink.begin(answer.status, answer.headers)
                async for part in response.aiter_bytes():
                    ask.sink.write(part)
                return answer


def own_headers(token: str | None) -> dict[str, str]:
    """Say who asks."""
    from importlib.metadata import version

    headers = {'User-Agent': f'mriqc-webapi/{version("mriqc-webapi")}'}
    return headers if token is None else headers | {'Authorization': token}


def _words(ask: Ask) -> dict[str, Any]:
    import httpx2

    silence_s = TIMEOUT_S if ask.timeout_s is None else ask.timeout_s
    return {
        'method': ask.method,
        'url': ask.url,
        'headers': dict(ask.headers),
        'content': ask.content,
        'timeout': httpx2.Timeout(silence_s, connect=min(CONNECT_S, silence_s)),
    }


def _head(response: httpx2.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers)


class _Losses:
    """Turns the errors of the network into the one that logic knows."""

    has_begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> None:
        import httpx2

        if isinstance(error, (httpx2.UnsupportedProtocol, httpx2.TooManyRedirects)):
            raise ForeignAnswerError(str(error)) from error
        if isinstance(error, httpx2.RequestError):
            words = str(error) or type(error).__name__
            raise LostError(words, has_begun=self.has_begun) from error
