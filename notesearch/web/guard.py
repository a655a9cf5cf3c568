"""Let through what the page itself and the person's own programs ask; refuse the rest.

Any web site that the person visits can send requests to an address of this machine, and a name of
its own may lead there (DNS rebinding). So a request must name this server as its host, and a
browser must say that a page of ours, or the person, sent it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

MAX_BODY = 1 << 20  # bytes: the tools of agents are asked by POST
MAX_HEADERS = 16 << 10
MAX_TARGET = 8 << 10  # bytes of a path with its question
MOST_AT_ONCE = 256  # requests; those that only listen for news count too
_COOKIE = "notesearch"

# Nothing of another host, no code or style inside of a page, and no page around ours.
_CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request gets no answer."""

    status: HTTPStatus
    reason: str


class Guard:
    """Stands before an application, and answers in its place what it must not get."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str] | None, token: str | None = None
    ) -> None:
        """Let requests to these hosts through, each a name with its port, or None for any.

        With a `token`, who asks has to know it; it is for those that listen to other machines.
        """
        if hosts is None and token is None:
            raise ValueError("an address that others can reach needs a token")
        self._app = app
        self._hosts = None if hosts is None else frozenset(host.casefold() for host in hosts)
        self._token = token
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket: none is offered
            await send({"type": "websocket.close", "code": 1008})
            return
        send = _with_headers(send)
        if refusal := self._refusal(scope):
            await _refuse(scope, send, refusal)
            return
        if self._token is not None and (target := self._target_without_token(scope)):
            await _send_on(send, target, self._token)
            return
        if self._at_once >= MOST_AT_ONCE:
            await _refuse(scope, send, Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests"))
            return
        self._at_once += 1
        try:
            await self._app(scope, _Body(receive, scope).receive, send)
        except _TooLargeError:
            await _refuse(scope, send, _TOO_LARGE)
        finally:
            self._at_once -= 1

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        return (
            self._wrong_host(headers)
            or _wrong_origin(scope, headers)
            or _too_large(scope, headers)
            or self._no_token(scope, headers)
        )

    def _wrong_host(self, headers: Headers) -> Refusal | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            return Refusal(HTTPStatus.BAD_REQUEST, "a request names one host")
        if self._hosts is not None and hosts[0].casefold() not in self._hosts:
            return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "this server has another name")
        return None

    def _no_token(self, scope: Scope, headers: Headers) -> Refusal | None:
        if self._token is None or any(self._is_token(one) for one in _tokens(scope, headers)):
            return None
        return Refusal(
            HTTPStatus.UNAUTHORIZED, "open the address with its token, as it was printed"
        )

    def _is_token(self, given: str) -> bool:
        assert self._token is not None
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())

    def _target_without_token(self, scope: Scope) -> str | None:
        """Return where a request leads whose address holds the token, so that none is shared."""
        parts = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        kept = [(name, value) for name, value in parts if name != "token"]
        if len(kept) == len(parts) or scope["method"] != "GET":
            return None
        path = scope["raw_path"].decode("latin-1").split("?")[0]
        path = f"/{path.lstrip('/')}"  # `//elsewhere` would be another host
        return f"{path}?{urlencode(kept)}" if kept else path


def _tokens(scope: Scope, headers: Headers) -> list[str]:
    """Return what a request gives as the token: in its header, its cookie, or its address."""
    found = []
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.casefold() == "bearer":
        found.append(value.strip())
    for cookie in headers.get("cookie", "").split(";"):
        name, _, value = cookie.strip().partition("=")
        if name == _COOKIE:
            found.append(value)
    query = parse_qsl(scope["query_string"].decode("latin-1"))
    found.extend(value for name, value in query if name == "token")
    return found


def _wrong_origin(scope: Scope, headers: Headers) -> Refusal | None:
    """Refuse what another site's page sends; of those, only links that a person follows pass."""
    refusal = Refusal(HTTPStatus.FORBIDDEN, "another site sent this request")
    is_read = scope["method"] in ("GET", "HEAD")
    site = headers.get("sec-fetch-site", "none")
    if site not in ("same-origin", "none"):
        is_link = (
            is_read
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        )
        if not is_link:
            return refusal
    origin = headers.get("origin")
    if origin is not None and origin.casefold() != f"http://{headers['host']}".casefold():
        return refusal
    return None


_TOO_LARGE = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")


def _too_large(scope: Scope, headers: Headers) -> Refusal | None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
        return Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "the question is too long")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
        return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        return Refusal(HTTPStatus.BAD_REQUEST, "the length of the body is no number")
    return _TOO_LARGE if len(length) > 9 or int(length) > MAX_BODY else None


class _TooLargeError(Exception):
    """More of a body has come than is taken."""


class _Body:
    """Hands on the body of a request, and counts it."""

    def __init__(self, receive: Receive, scope: Scope) -> None:
        self._receive = receive
        self._left = MAX_BODY

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLargeError
        return message


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_headers


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    as_json = scope["path"].startswith("/api")
    text = json.dumps({"error": refusal.reason}) if as_json else f"{refusal.reason}\n"
    kind = "application/json" if as_json else "text/plain; charset=utf-8"
    await _respond(send, refusal.status, {"Content-Type": kind}, text.encode())


async def _send_on(send: Send, target: str, token: str) -> None:
    cookie = f"{_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict"
    headers = {"Location": target, "Set-Cookie": cookie}
    await _respond(send, HTTPStatus.SEE_OTHER, headers, b"")


async def _respond(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    # The rest of a refused body is not read.
    headers |= {"Content-Length": str(len(body)), "Connection": "close"}
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": int(status), "headers": raw})
    await send({"type": "http.response.body", "body": body})
