"""HEAD wherever GET is: put to the routes as GET, so that none needs to know; sent bodiless."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MARK: Final = 'mriqc_webapi.is_head'


async def answer_head(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Let an application answer HEAD as it answers GET, and send the headers alone."""

    async def send_head(message: Message) -> None:
        if message['type'] == 'http.response.body':
            message = {**message, 'body': b''}
        await send(message)

    headers = [(name, value) for name, value in scope['headers'] if name != b'range']  # GET's own
    await app({**scope, 'method': 'GET', 'headers': headers, _MARK: True}, receive, send_head)


def is_head(scope: Scope) -> bool:
    """Tell whether nobody will read the body: what is long need not be made."""
    return _MARK in scope
