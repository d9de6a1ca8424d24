"""Who may speak to a local server: whoever knows its secret, and no page of another origin."""

import hmac
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({'GET', 'HEAD'})
HEADERS = {
    'X-Content-Type-Options': 'nosniff',
    # the session's address is a secret: reports must not get it as their referrer
    'Referrer-Policy': 'same-origin',
}


class Guard:
    """Lets through what carries the secret as the first part of its path, and takes that off.

    A page elsewhere can neither guess the secret nor, by a name that it points at this machine,
    pass as this host.
    """

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        self._app = app
        self._secret = secret
        self.host = ''  # address and port, known once the server listens
        self.door = ''  # opens once, for a browser whose command line other users may see

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on."""
        if scope['type'] != 'http':
            return
        if self.door and scope['path'] == f'/open/{self.door}' and self._is_host(scope):
            self.door = ''
            await RedirectResponse(f'/{self._secret}/', 303)(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await PlainTextResponse(refusal.phrase, refusal)(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        root = f'/{self._secret}'
        await self._app({**scope, 'root_path': root}, receive, send_guarded)

    def _refusal(self, scope: Scope) -> HTTPStatus | None:
        headers = Headers(scope=scope)
        if not self._is_host(scope):
            return HTTPStatus.MISDIRECTED_REQUEST
        given = scope['path'][1:].partition('/')[0]
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return HTTPStatus.NOT_FOUND
        if scope['method'] not in SAFE_METHODS and headers.get('origin') != f'http://{self.host}':
            return HTTPStatus.FORBIDDEN
        return None

    def _is_host(self, scope: Scope) -> bool:
        return Headers(scope=scope).get('host') == self.host
