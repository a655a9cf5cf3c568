"""Put the page, the JSON, the agents' tools and the files together behind the guard."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from notesearch.errors import NotesearchError
from notesearch.mcp.over_http import mcp_application
from notesearch.web.api import Api, error_response
from notesearch.web.guard import Guard
from notesearch.web.pages import HERE, Pages, printable_error, status_of
from notesearch.web.served_index import ServedIndex


def make_application(
    served: ServedIndex, *, hosts: Sequence[str] | None, token: str | None = None
) -> ASGIApp:
    """Return what answers requests for one index; see `Guard` for hosts and token."""
    pages, api = Pages(served), Api(served)
    agents = mcp_application(served.index, hosts)

    async def show_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, NotesearchError)
        if request.url.path.startswith("/api"):
            return error_response(status_of(error), "\n".join(printable_error(error)))
        return await pages.show_error(request, error)

    async def show_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith("/api"):
            return error_response(error.status_code, error.detail)
        return pages.refusal(request, error.status_code, error.detail)

    application = Starlette(
        routes=[
            *pages.routes(),
            *api.routes(),
            Route("/mcp", agents),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        lifespan=lambda _: agents.run(),
        exception_handlers={NotesearchError: show_error, HTTPException: show_refusal},
    )
    return Guard(application, hosts=hosts, token=token)
