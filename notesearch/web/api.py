"""Answer programs in JSON, with the values of the library; `/api` describes it as OpenAPI."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from notesearch import __version__
from notesearch.errors import UsageError
from notesearch.render.listings import stored_note_fields, stored_note_to_json
from notesearch.render.terminal import to_json
from notesearch.search.answer import Answer
from notesearch.web.served_index import ServedIndex

_MOST_HITS = 100
_MOST_NOTES = 10_000
_LONGEST = 2000  # characters of a question or a filter


class Api:
    """The handlers of `/api`, for one index."""

    def __init__(self, served: ServedIndex) -> None:
        self._served = served

    def routes(self) -> list[Route]:
        """Return what answers at which path."""
        return [
            Route("/api", self.describe),
            Route("/api/search", self.search),
            Route("/api/notes", self.notes),
            Route("/api/note/{note_id:path}", self.note),
            Route("/api/similar/{note_id:path}", self.similar),
            Route("/api/quote", self.quote),
            Route("/api/compare", self.compare),
            Route("/api/tags", self.tags),
            Route("/api/map", self.map),
            Route("/api/status", self.status),
        ]

    async def describe(self, request: Request) -> Response:
        """Describe the paths, as OpenAPI."""
        return _json(openapi())

    async def search(self, request: Request) -> Response:
        """Answer a question."""
        line, k = _text(request, "q"), _count(request, "k", 10, _MOST_HITS)
        mode = request.query_params.get("mode", "hybrid")
        index = self._served.index

        def ask() -> dict[str, Any]:
            answer = index.search(line, k, mode=mode)  # type: ignore[arg-type]
            snippets = index.snippets(answer)
            return _answer(answer) | {
                "snippets": ["".join(piece.text for piece in pieces) for pieces in snippets]
            }

        return _json(await self._served.run(ask))

    async def similar(self, request: Request) -> Response:
        """Find notes like one."""
        note_id, k = request.path_params["note_id"], _count(request, "k", 10, _MOST_HITS)
        where = _text(request, "where") or None
        answer = await self._served.run(self._served.index.similar, note_id, k, where)
        return _json(_answer(answer) | {"same_paper": sorted(answer.same_paper)})

    async def quote(self, request: Request) -> Response:
        """Say where the notes say a sentence."""
        text, k = _text(request, "text"), _count(request, "k", 5, _MOST_HITS)
        where = _text(request, "where") or None
        return _json(await self._served.run(self._served.index.quote, text, k, where))

    async def compare(self, request: Request) -> Response:
        """Put two notes, papers or questions side by side."""
        a, b = _text(request, "a"), _text(request, "b")
        pairs = _count(request, "pairs", 10, _MOST_HITS)
        return _json(await self._served.run_apart(self._served.index.compare, a, b, pairs))

    async def notes(self, request: Request) -> Response:
        """List notes, the newest first."""
        where, limit = _text(request, "where") or None, _count(request, "limit", 50, _MOST_NOTES)
        found = await self._served.run(self._served.index.notes, where, limit)
        return _text_json("[" + ",".join(map(stored_note_to_json, found)) + "]")

    async def note(self, request: Request) -> Response:
        """Return a note with its passages."""
        found, passages = await self._served.run(
            self._served.index.show, request.path_params["note_id"]
        )
        value = stored_note_fields(found) | {"passages": [asdict(one) for one in passages]}
        return _json(value)

    async def tags(self, request: Request) -> Response:
        """Count the notes of each tag."""
        where = _text(request, "where") or None
        return _json(await self._served.run(self._served.index.tags, where))

    async def map(self, request: Request) -> Response:
        """Return where each note stands on the map, and the labels of its regions."""
        drawn = await self._served.run_apart(self._served.index.map)
        notes = [{"id": note.note_id, **asdict(note)} for note in drawn.notes]
        return _json({"notes": notes, "labels": drawn.labels})

    async def status(self, request: Request) -> Response:
        """Say what the index holds, and how its notes differ."""
        return _json(await self._served.run(self._served.index.status))


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "where": answer.where,
        "weak": answer.weak,
        "relevance": answer.relevance,
        "corrections": answer.corrections,
        "hits": answer.hits,
    }


def _json(value: object, status: int = 200) -> Response:
    return _text_json(to_json(value), status)


def _text_json(text: str, status: int = 200) -> Response:
    body = text.encode("utf-8", "backslashreplace")
    return Response(body, status_code=status, media_type="application/json")


def error_response(status: int, message: str) -> Response:
    """Return an error as all of `/api` does."""
    return _json({"error": message}, status)


def _text(request: Request, name: str) -> str:
    text = request.query_params.get(name, "").strip()
    if len(text) > _LONGEST:
        raise UsageError(f"{name} has {len(text):,} characters; give at most {_LONGEST:,}")
    return text


def _count(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        raise UsageError(f"{name} is {text[:20]!r}; give a number from 1 to {most:,}")
    return int(text)


# ---------------------------------------------------------------- the description


def openapi() -> dict[str, Any]:
    """Return what there is at which path, as OpenAPI 3.1."""
    note_id = _parameter("note_id", "path", "A note's id, or another name of it.", required=True)
    where = _parameter("where", "query", "Filters, as tag:dpo -tag:survey.")
    k = _parameter("k", "query", f"How many hits, from 1 to {_MOST_HITS}.", kind="integer")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "notesearch",
            "version": __version__,
            "description": "Ask an index of notes. Nothing here changes it.",
        },
        "paths": {
            "/api/search": _path(
                "The best passages for a question.",
                "Answer",
                _parameter("q", "query", "The query line, with filters.", required=True),
                k,
                _parameter("mode", "query", "hybrid, dense or lexical."),
            ),
            "/api/notes": _path(
                "The notes that a filter lets through, the newest first.",
                {"type": "array", "items": {"type": "object"}},
                where,
                _parameter("limit", "query", f"At most {_MOST_NOTES:,}; 50.", kind="integer"),
            ),
            "/api/note/{note_id}": _path("A note with its passages.", {"type": "object"}, note_id),
            "/api/similar/{note_id}": _path("Notes like one.", "Answer", note_id, k, where),
            "/api/quote": _path(
                "The passages that say a sentence, or nearly.",
                {"type": "array", "items": {"type": "object"}},
                _parameter("text", "query", "The sentence, as it is remembered.", required=True),
                k,
                where,
            ),
            "/api/compare": _path(
                "Two sides beside each other: what both say, and what only one does.",
                {"type": "object"},
                _parameter("a", "query", "A note, a paper or a question.", required=True),
                _parameter("b", "query", "What it is compared with.", required=True),
                _parameter("pairs", "query", "How many are listed, 10.", kind="integer"),
            ),
            "/api/tags": _path(
                "The notes of each tag, counted.",
                {"type": "array", "items": {"type": "object"}},
                where,
            ),
            "/api/map": _path("Where each note stands on the map.", {"type": "object"}),
            "/api/status": _path("What the index holds.", {"type": "object"}),
        },
        "components": {"schemas": {"Answer": _ANSWER, "Error": _ERROR}},
    }


_ANSWER = {
    "type": "object",
    "required": ["question", "weak", "hits"],
    "properties": {
        "question": {"type": "string", "description": "The words that were asked, corrected."},
        "where": {"type": "string", "description": "The filters."},
        "weak": {"type": "boolean", "description": "Nothing relevant: the hits are the nearest."},
        "relevance": {"type": ["number", "null"]},
        "corrections": {"type": "array", "items": {"type": "object"}},
        "hits": {"type": "array", "items": {"type": "object"}},
        "snippets": {"type": "array", "items": {"type": "string"}},
        "same_paper": {"type": "array", "items": {"type": "string"}},
    },
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
}


def _parameter(
    name: str, place: str, text: str, *, required: bool = False, kind: str = "string"
) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": text,
        "schema": {"type": kind},
    }


def _path(
    summary: str, answer: str | dict[str, Any], *parameters: dict[str, Any]
) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{answer}"} if isinstance(answer, str) else answer
    error = {"$ref": "#/components/schemas/Error"}
    return {
        "get": {
            "summary": summary,
            "parameters": list(parameters),
            "responses": {
                "200": {
                    "description": "As asked.",
                    "content": {"application/json": {"schema": schema}},
                },
                "default": {
                    "description": "What is wrong, and what helps.",
                    "content": {"application/json": {"schema": error}},
                },
            },
        }
    }
