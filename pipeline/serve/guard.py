"""Who may ask: only whoever has the address with the token, by the name of this machine for itself.

Every web page that is open in a browser can send requests to 127.0.0.1. What keeps it out: it does not know the
token, which is the first part of every path and is compared in constant time; a name of its own that it lets point
here (DNS rebinding) stands in ``Host``, which must be ours; and browsers say in ``Sec-Fetch-Site`` and ``Origin`` that
another page asks. Pages of ours may load nothing from elsewhere and be shown in nobody's frame.
"""

import hmac
from typing import Any, Awaitable, Callable, Dict, MutableMapping, Optional

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_ALWAYS = {
    'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',  # the address has the token in it
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
}


class Guard:
    """An ASGI application in front of another.

    Args:
        app: that gets what may pass, with the token taken from the path.
        token: text of letters and digits.
        port: that is listened on.
    """

    def __init__(self, app: Application, token: str, port: int):
        self._app, self._token = app, token.encode()
        self._hosts = {f'{name}:{port}'.encode() for name in ('127.0.0.1', 'localhost')}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'lifespan':
            await self._app(scope, receive, send)
        elif scope['type'] == 'http':
            await self._http(scope, receive, send)
        # nothing else is spoken here: a socket that is not accepted is refused

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: MutableMapping[str, Any]) -> None:
            if message['type'] == 'http.response.start':
                given = {name.lower() for name, _ in message.get('headers', ())}
                more = [(k.encode(), v.encode()) for k, v in _ALWAYS.items() if k.encode() not in given]
                message = {**message, 'headers': [*message.get('headers', ()), *more]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal:
            headers = [(b'content-type', b'text/plain; charset=utf-8'), (b'connection', b'close')]
            await answer({'type': 'http.response.start', 'status': 403, 'headers': headers})
            await answer({'type': 'http.response.body', 'body': refusal.encode() + b'\n'})
            return
        path = '/' + scope['path'].split('/', 2)[2]
        await self._app({**scope, 'path': path, 'raw_path': path.encode(), 'root_path': ''}, receive, answer)

    def _refusal(self, scope: Scope) -> Optional[str]:
        headers: Dict[bytes, list] = {}
        for name, value in scope['headers']:
            headers.setdefault(name.lower(), []).append(value)
        hosts = headers.get(b'host', [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 'this page answers to 127.0.0.1 only'
        parts = scope['path'].split('/', 2)
        given = parts[1].encode('utf-8', 'surrogateescape') if len(parts) == 3 else b''
        if not hmac.compare_digest(given, self._token):
            return 'the address lacks its token: open the one that the command has printed'
        if any(site not in (b'same-origin', b'none') for site in headers.get(b'sec-fetch-site', [])):
            return 'another page may not ask here'
        if any(origin != b'http://' + hosts[0] for origin in headers.get(b'origin', [])):
            return 'another page may not ask here'
        return None
