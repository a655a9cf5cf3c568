"""Serve an application to one address of this machine, until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import socket
from collections.abc import Callable
from ipaddress import ip_address

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from notesearch.errors import UsageError
from notesearch.web.guard import LOOPBACK_NAMES, MAX_HEADERS

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
_SECONDS_FOR_REQUEST = 20.0  # until all of it is there
_SECONDS_IDLE = 30  # of a connection that waits for its next request
_SECONDS_TO_END = 3  # of requests at work, when the server stops
_MOST_CONNECTIONS = 512


class _PatientProtocol(H11Protocol):
    """HTTP/1.1 that waits only so long for the whole of a request."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):  # a part of a request
            self._wait()
        else:
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(_SECONDS_FOR_REQUEST, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def bind(host: str, port: int, token: str | None) -> socket.socket:
    """Take an address; UsageError where it cannot be had. Port 0 takes any that is free.

    One that other machines can reach needs a token that cannot be guessed.
    """
    if token is not None and not _TOKEN.fullmatch(token):
        raise UsageError(
            "the token is too easy to guess, or no plain word; give 16 or more letters and digits"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With its protocol: asyncio sends small answers at once, not 40 ms later, if that is TCP.
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"{host} is no address of this machine: {error}; leave --host out"
        ) from None
    try:
        if os.name == "posix":  # or the port of a server that just ended would be taken
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if token is None and not ip_address(address[0]).is_loopback:
            raise UsageError(
                f"{host} can be reached from other machines; give a --token that they must know"
            )
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise UsageError(_why_not(host, port, error)) from None
    except UsageError:
        listener.close()
        raise
    return listener


def addresses_of(
    listener: socket.socket, host: str, token: str | None
) -> tuple[list[str] | None, str]:
    """Return the hosts that requests may name, None for any, and the address to open."""
    name, port = listener.getsockname()[:2]
    is_loopback = ip_address(name).is_loopback
    shown = f"[{name}]" if ":" in name else name
    if ip_address(name).is_unspecified:  # every address of this machine: its name leads to one
        shown = socket.gethostname()
    query = f"?token={token}" if token else ""
    hosts = [f"{one}:{port}" for one in (*LOOPBACK_NAMES, shown)] if is_loopback else None
    return hosts, f"http://{shown}:{port}/{query}"


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken, perhaps by another notesearch serve; name one with --port"
    if error.errno == errno.EACCES:
        return f"port {port} is not for everybody; name one above 1023 with --port"
    return f"{host}:{port} cannot be served: {error.strerror}; name others with --host and --port"


class Server(uvicorn.Server):
    """Serves an application until SIGINT or SIGTERM, or until `should_exit` is set.

    `on_start` is called when requests are answered, and `on_stop` when no more are.
    """

    def __init__(
        self, app: ASGIApp, *, on_start: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        super().__init__(_config(app))
        self._on_start, self._on_stop = on_start, on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is being answered."""
        self._on_stop()
        # Who has not asked to the end by then is cut off, which is no fault to write about.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_PatientProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_SECONDS_IDLE,
        timeout_graceful_shutdown=_SECONDS_TO_END,
        h11_max_incomplete_event_size=MAX_HEADERS,
    )
