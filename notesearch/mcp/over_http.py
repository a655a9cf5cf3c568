"""Serve agents over HTTP, inside of an application that has a place for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from notesearch.library import Index
from notesearch.mcp.agent_server import make_server

Message = MutableMapping[str, Any]  # of ASGI

LOOPBACK = ("127.0.0.1:*", "localhost:*", "[::1]:*")
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

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer a request; one that would wait for messages of the server gets none."""
        if scope["type"] == "http" and scope["method"] == "GET":
            head = {"type": "http.response.start", "status": 405, "headers": [(b"allow", b"POST")]}
            await send(head)
            await send({"type": "http.response.body"})
            return
        await self._manager.handle_request(scope, receive, send)


def mcp_application(index: Index, hosts: Iterable[str] | None = LOOPBACK) -> McpApplication:
    """Return the application for an open index.

    `hosts` are what a request may name as its host, each a name with its port, or `*` for any; None
    where something before it decides. Nothing is kept between requests, so that a client need not
    say goodbye.
    """
    names = list(hosts or ())
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=hosts is not None,
        allowed_hosts=names,
        allowed_origins=[f"http://{name}" for name in names],
    )
    manager = StreamableHTTPSessionManager(
        make_server(lambda: index),
        json_response=True,
        stateless=True,
        max_request_body_size=_MOST_BODY,
        security_settings=security,
    )
    return McpApplication(manager)
