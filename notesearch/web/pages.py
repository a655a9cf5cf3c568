"""Answer requests for the page: each handler asks the index, and fills in a template."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from anyio import to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from notesearch.errors import NotesearchError, UsageError
from notesearch.render.terminal import printable
from notesearch.search.note_lookup import NoteNameError
from notesearch.web.addresses import ask_address, quote_address
from notesearch.web.comparison_page import comparison_context
from notesearch.web.facets import facets_of_hits, facets_of_notes
from notesearch.web.note_page import note_context, read_image
from notesearch.web.question_line import chips_of, may_be_quote, quoted_in, read_line
from notesearch.web.served_index import MOST_HITS, ServedIndex
from notesearch.web.views import (
    hit_view,
    months_by_year,
    news_of,
    news_of_quotes,
    note_view,
    quote_view,
    shared_papers,
    topics,
)

HERE = Path(__file__).parent
LONGEST_LINE = 2000  # characters; more is no question
_SHOWN = 10
_NEWEST = 30
_PAPERS = 30
_TOPICS = 80
_SECONDS_BETWEEN_NEWS = 0.5
_NEWS_BEFORE_PULSE = 30  # looks without news, after which a connection shows that it is alive


class Pages:
    """The handlers of the page, for one index."""

    def __init__(self, served: ServedIndex) -> None:
        self._served = served
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "ask_address": ask_address,
            "quote_address": quote_address,
            "index_name": served.name,
        }

    def routes(self) -> list[Route]:
        """Return what answers at which path."""
        return [
            Route("/", self.ask),
            Route("/browse", self.browse),
            Route("/compare", self.compare),
            Route("/map", self.map),
            Route("/state", self.state),
            Route("/update", self.update, methods=["POST"]),
            Route("/note/{note_id:path}", self.note),
            Route("/files/{path:path}", self.image),
            Route("/events", self.events),
        ]

    # ------------------------------------------------------------ handlers

    async def ask(self, request: Request) -> Response:
        """Answer a question, or show the newest notes where there is none."""
        line = line_of(request)
        if quote := line_of(request, "quote") or quoted_in(line):
            return await self._said(request, quote)
        shown = _number(request, "n", _SHOWN, MOST_HITS)
        if not line:
            newest = await self._served.run(self._served.notes)
            context: dict[str, Any] = {
                "newest": [note_view(note) for note in newest[:_NEWEST]],
                "facets": facets_of_notes(newest, ""),
                "count": len(newest),
            }
            return self._page(request, "home.html", line=line, **context)
        found = await self._served.run(self._served.ask, line, shown)
        hits = found.answer.hits
        return self._page(
            request,
            "answer.html",
            line=line,
            chips=chips_of(read_line(line)),
            quote=line if may_be_quote(line) else "",
            hits=[
                hit_view(hit, snippet, line)
                for hit, snippet in zip(hits, found.snippets, strict=False)
            ],
            news=news_of(found.answer),
            facets=facets_of_hits(hits, line),
            found=len(hits),
            more=len(hits) > shown,
            most=MOST_HITS,
            weak=found.answer.weak,
        )

    async def _said(self, request: Request, quote: str) -> Response:
        """Show where the notes say a sentence, and what differs there."""
        found = await self._served.run(self._served.index.quote, quote, _SHOWN)
        return self._page(
            request,
            "quote.html",
            line=f'"{quote}"',
            quote=quote,
            hits=list(map(quote_view, found)),
            news=news_of_quotes(found),
            weak=all(one.hit.weak for one in found),
        )

    async def compare(self, request: Request) -> Response:
        """Show two notes, papers or questions side by side."""
        a, b = line_of(request, "a"), line_of(request, "b")
        found = await self._served.run_apart(self._served.index.compare, a, b)
        return self._page(request, "compare.html", line="", **comparison_context(found))

    async def note(self, request: Request) -> Response:
        """Show a note, at the lines that are asked for."""
        name, lines = request.path_params["note_id"], _read_lines(request)
        context = await self._served.run_apart(note_context, self._served, name, lines)
        return self._page(request, "note.html", line=line_of(request), **context)

    async def image(self, request: Request) -> Response:
        """Return an image that lies among the notes."""
        path = request.path_params["path"]
        found = await self._served.run(read_image, self._served.index, path)
        if found is None:
            raise HTTPException(404)
        content, media_type = found
        return Response(content, media_type=media_type)

    async def browse(self, request: Request) -> Response:
        """Show what there is without a question: topics, months, papers."""
        notes = await self._served.run(self._served.notes)
        tags = await self._served.run(self._served.index.tags)
        papers = await self._served.run(self._served.papers)
        return self._page(
            request,
            "browse.html",
            line="",
            topics=topics(tags)[:_TOPICS],
            all_topics=len(topics(tags)),
            years=months_by_year(notes),
            papers=list(shared_papers(papers, _PAPERS)),
            newest=[note_view(note) for note in notes[:_NEWEST]],
            count=len(notes),
        )

    async def map(self, request: Request) -> Response:
        """Show the map, which asks for its points by itself."""
        return self._page(request, "map.html", line="")

    async def state(self, request: Request) -> Response:
        """Show what the index holds, what changed, and what could not be read."""
        status = await self._served.run(self._served.index.status)
        return self._page(
            request,
            "state.html",
            line="",
            status=status,
            doing=printable(self._served.doing()),
            watch=self._served.watch.state if self._served.watch else None,
        )

    async def update(self, request: Request) -> Response:
        """Bring the index in step now."""
        await self._served.run(self._served.index.update)
        return RedirectResponse("/state", status_code=303)

    async def events(self, request: Request) -> Response:
        """Tell a page, as long as it is open, when what it shows may have changed."""
        return StreamingResponse(self._news(), media_type="text/event-stream")

    async def _news(self) -> AsyncIterator[str]:
        told = ""
        silent = 0
        while not self._served.is_closing:
            stamp = await to_thread.run_sync(self._served.stamp)
            news = json.dumps({"stamp": stamp, "doing": printable(self._served.doing())})
            silent = 0 if news != told else silent + 1
            if news != told:
                told = news
                yield f"data: {news}\n\n"
            elif silent % _NEWS_BEFORE_PULSE == 0:
                yield ": alive\n\n"
            await asyncio.sleep(_SECONDS_BETWEEN_NEWS)

    # ------------------------------------------------------------ errors

    async def show_error(self, request: Request, error: NotesearchError) -> Response:
        """Show what a person can act on: the finding, and what helps."""
        finding, *place = printable_error(error)
        if self._served.is_being_made(error):
            finding, place = "The index is being made: it is shown here when it is there.", []
        notes = error.notes if isinstance(error, NoteNameError) else ()
        return self._page(
            request,
            "error.html",
            code=status_of(error),
            line=request.query_params.get("q", "")[:LONGEST_LINE],
            finding=finding,
            place="\n".join(place),
            notes=[note_view(note) for note in notes],
        )

    def refusal(self, request: Request, status: int, detail: str) -> Response:
        """Show that there is no such page, or that it cannot be asked so."""
        return self._page(
            request, "error.html", code=status, line="", finding=detail, place="", notes=[]
        )

    def _page(
        self,
        request: Request,
        template: str,
        code: int = 200,
        **context: Any,  # noqa: ANN401
    ) -> Response:
        # The script of the page asks for the part that changes; a browser alone for all of it. A
        # line that is not yet whole is no error to the script.
        is_part = request.headers.get("x-part") == "main"
        frame = "part.html" if is_part else "page.html"
        code = 200 if is_part and code < 500 else code
        text = self._templates.get_template(template).render(frame=frame, **context)
        return HTMLResponse(text, status_code=code, headers={"Vary": "X-Part"})


def line_of(request: Request, name: str = "q") -> str:
    """Return the question of a request; UsageError where it is too long to be one."""
    line = request.query_params.get(name, "").strip()
    if len(line) > LONGEST_LINE:
        raise UsageError(
            f"the question has {len(line):,} characters; ask with at most {LONGEST_LINE:,}"
        )
    return line


def status_of(error: NotesearchError) -> int:
    """Return the HTTP status that says who can mend an error."""
    if isinstance(error, NoteNameError):
        return 404
    return 400 if isinstance(error, UsageError) else 503


def printable_error(error: NotesearchError) -> list[str]:
    """Return the lines of an error: what is wrong and what helps, then the place in the line."""
    return [printable(line) for line in error.for_shell.split("\n")]


def _number(request: Request, name: str, default: int, most: int) -> int:
    """Return a number of the address, between 1 and the most; the default where it is none."""
    text = request.query_params.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return min(max(int(text), 1), most) if is_number else default


def _read_lines(request: Request) -> tuple[int, int] | None:
    """Read the lines that are asked for, as `13-18` or `13`; None for anything else."""
    text = request.query_params.get("lines", "")
    if not re.fullmatch(r"[0-9]{1,9}(?:-[0-9]{1,9})?", text):
        return None
    first, _, last = text.partition("-")
    return int(first), max(int(last or first), int(first))
