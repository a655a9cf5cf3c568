"""The tools of an agent: what each is called and takes, and how it answers from an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from notesearch.errors import UsageError
from notesearch.library import Index
from notesearch.mcp.compact_text import (
    MOST_CHARS,
    fitting,
    hit_text,
    next_cursor,
    note_head,
    note_line,
    passage_text,
    plain_line,
    read_cursor,
)
from notesearch.mcp.tool_arguments import Argument, Number, Text, read_arguments, schema_of
from notesearch.records import Passage
from notesearch.render.hits import name_corrections
from notesearch.search.answer import Answer
from notesearch.search.note_lookup import read_place

_EXCERPT_CHARS = 300
_MOST_HITS = 50
_MOST_RANK = 500  # nobody reads further: a narrower question helps more
_MOST_LINES = 10_000_000
_TAGS_SHOWN = 300

_K = Number("how many", 1, _MOST_HITS, 5)
_CURSOR = Text("from the end of the answer before, for what comes next", "", 40)
_FILTER = Text("filters, as in search", "")
_NOTE = Text("path, path:line, title or words of it")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: what a model reads of it, and the function that answers."""

    name: str
    about: str
    arguments: Mapping[str, Argument]
    answer: Callable[..., str]  # of the index and the arguments by their names
    required: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its arguments."""
        return schema_of(self.arguments, self.required)

    def call(self, index: Index, given: Mapping[str, object]) -> str:
        """Return the answer for an agent; NotesearchError says what is wrong and what helps."""
        values = read_arguments(self.name, self.arguments, self.required, given)
        text = self.answer(index, **values)
        return text if len(text) <= MOST_CHARS else f"{text[: MOST_CHARS - 1]}…"


def search(index: Index, question: str, k: int, cursor: str) -> str:
    """Return the passages that answer a question, best first."""
    shown = read_cursor(question, cursor)
    wanted = min(shown + k, _MOST_RANK)
    answer = index.search(question, min(wanted + 1, _MOST_RANK))
    page = replace(answer, hits=answer.hits[shown:wanted])
    head = [name_corrections(answer.corrections)] if answer.corrections else []
    if answer.weak:
        head.append("Nothing relevant found. The nearest there is:")
    if not page.hits:
        return "\n".join([*head[:1], _nothing(answer, shown)])
    blocks = fitting(_hit_texts(index, page, shown + 1), len("\n".join(head)))
    end = shown + len(blocks)
    tail = [f"More: cursor={next_cursor(question, end)}"] if len(answer.hits) > end else []
    return "\n".join([*head, *blocks, *tail])


def _nothing(answer: Answer, shown: int) -> str:
    if shown:
        return "No more hits."
    filters = f" with {plain_line(answer.where, 500)}" if answer.where else ""
    return f"Nothing found{filters}. Try other words, or fewer filters."


def _hit_texts(index: Index, answer: Answer, first: int) -> Iterator[str]:
    excerpts = index.snippets(answer, _EXCERPT_CHARS)
    for number, (hit, excerpt) in enumerate(zip(answer.hits, excerpts, strict=True), start=first):
        yield hit_text(number, hit, excerpt)


def read(index: Index, note: str, from_line: int | None, lines: int) -> str:
    """Return lines of a note as the index has them, and where it goes on."""
    stored, passages = index.show(note)
    begin = passages[0].line_start if passages else stored.line_start  # behind its front matter
    first = from_line or _line_of(note, passages) or begin
    last = min(first + lines - 1, stored.line_end)
    head = note_head(stored)
    parts = [(text, one) for one in passages if (text := passage_text(one, first, last))]
    if not parts:
        raise UsageError(
            f"{stored.path} has no text in lines {first} to {first + lines - 1}; it has lines "
            f"{stored.line_start} to {stored.line_end}"
        )
    blocks = fitting((text for text, _ in parts), len(head))
    tail = []
    end = last
    if len(blocks) < len(parts):
        end = max(parts[len(blocks)][1].line_start - 1, parts[len(blocks) - 1][1].line_end)
        if parts[len(blocks)][1].line_start <= end:
            tail.append(f"Line {end} is longer than an answer; the rest of it is left out.")
    if rest := next((one for one in passages if one.line_end > end), None):
        tail.append(f"Goes on: from_line={max(rest.line_start, end + 1)}")
    return "\n".join([head, *blocks, *tail])


def _line_of(note: str, passages: list[Passage]) -> int | None:
    """Return the line that a note's name ends in, or that of the passage that it is the id of."""
    named = next((one.line_start for one in passages if one.id == note.strip()), None)
    return named or read_place(note)[1]


def similar(index: Index, note: str, k: int, filter: str) -> str:
    """Return notes like one: first those on the same paper."""
    stored, _ = index.show(note)
    answer = index.similar(note, k, filter or None)
    same = [hit for hit in answer.hits if hit.note_id in answer.same_paper]
    like = [hit for hit in answer.hits if hit.note_id not in answer.same_paper]
    title = plain_line(stored.title, 100)
    texts: list[str] = []
    for heading, hits, number in (
        ("On the same paper as", same, 1),
        ("Like", like, len(same) + 1),
    ):
        if hits:
            page = replace(answer, hits=tuple(hits))
            texts += [f"{heading} {title}:", *_hit_texts(index, page, number)]
    return "\n".join(fitting(texts)) or f"No note is like {title}."


def list_notes(index: Index, what: str, filter: str, k: int, cursor: str) -> str:
    """Return the notes that filters let through, the newest first, or their tags."""
    asked = f"{what} {filter}"
    shown = read_cursor(asked, cursor)
    if what == "tags":
        tags = index.tags(filter or None)
        page = [
            f"{plain_line(tag.written, 100)} {tag.notes}"
            for tag in tags[shown : shown + max(k, _TAGS_SHOWN)]
        ]
        found, separator = len(tags), ", "
    else:
        notes = index.notes(filter or None)
        page = [note_line(note) for note in notes[shown : shown + k]]
        found, separator = len(notes), "\n"
    if not page:
        return f"No {'more ' if shown else ''}{what}{f' with {filter:.200}' if filter else ''}."
    blocks = fitting(page)
    end = shown + len(blocks)
    tail = [f"{found - end:,} more: cursor={next_cursor(asked, end)}"] if found > end else []
    return "\n".join([separator.join(blocks), *tail])


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "search",
            "Search the user's own research notes by meaning and by words. Write a question or key "
            "words; filters may stand in it: tag:dpo -tag:survey since:2026-01 until:2026-06 "
            "path:folder/ section:limitations paper:2305.18290 author:rafailov year:2023 "
            'title:word "exact phrase" -word, OR, brackets. Filters alone give the newest notes. A '
            "hit has title, path:lines, date, paper, tags and an excerpt; cite as path:lines, and "
            "read what you rely on. Says so where nothing is relevant.",
            {
                "question": Text("question, key words, filters"),
                "k": _K,
                "cursor": _CURSOR,
            },
            search,
            ("question",),
        ),
        Tool(
            "read",
            "Read a note as it stands, with numbers of lines: all of it, or from a line on.",
            {
                "note": _NOTE,
                "from_line": Number("first line", 1, _MOST_LINES),
                "lines": Number("how many lines", 1, _MOST_LINES, 200),
            },
            read,
            ("note",),
        ),
        Tool(
            "similar",
            "Find notes like one of them; those on the same paper come first.",
            {"note": _NOTE, "k": _K, "filter": _FILTER},
            similar,
            ("note",),
        ),
        Tool(
            "list",
            "List notes, newest first, or tags with their numbers of notes, commonest first.",
            {
                "what": Text("what to list", "notes", choices=("notes", "tags")),
                "filter": _FILTER,
                "k": Number("how many notes", 1, 200, 20),
                "cursor": _CURSOR,
            },
            list_notes,
        ),
    )
}
