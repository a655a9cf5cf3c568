"""Serve agents over HTTP, inside of an application that has a place for it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from notesearch.library import Index
from notesearch.mcp.agent_server import make_server

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MOST_BODY = 64 * 1024  # bytes of a request: the longest question takes a quarter of it


class McpApplication:
    """An ASGI application that answers agents as long as it runs.

    An object, not a function: a route of Starlette takes a function for one of a request.
    """

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self._manager = manager

    def run(self) -> AbstractAsyncContextManager[None]:
        """Return what has to be entered once, in the lifespan of the application around it."""
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; one that would wait for messages of the server gets none."""
        if scope["type"] == "http" and scope["method"] == "GET":
            head = {"type": "http.response.start", "status": 405, "headers": [(b"allow", b"POST")]}
            await send(head)
            await send({"type": "http.response.body"})
            return
        await self._manager.handle_request(scope, receive, send)


def mcp_application(index: Index, hosts: Sequence[str] = LOOPBACK) -> McpApplication:
    """Return the application for an open index.

    `hosts` are the names, without a port, that a request may call this machine by. Nothing is kept
    between requests, so that a client need not say goodbye.
    """
    names = [spelled for host in hosts for spelled in (host, f"{host}:*")]
    manager = StreamableHTTPSessionManager(
        make_server(lambda: index),
        json_response=True,
        stateless=True,
        max_request_body_size=_MOST_BODY,
        security_settings=TransportSecuritySettings(
            allowed_hosts=names,
            allowed_origins=[
                f"{scheme}://{name}" for scheme in ("http", "https") for name in names
            ],
        ),
    )
    return McpApplication(manager)
