"""Lay out the rows of the picker below its line of input: a list, a preview, and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from notesearch.cells import cells
from notesearch.index.snapshot import TagCount
from notesearch.records import Hit, Passage, place_in
from notesearch.render.hits import name_corrections, shown_score
from notesearch.render.terminal import escaped, printable
from notesearch.render.wrapping import clipped, wrapped
from notesearch.search.answer import Answer
from notesearch.search.passage_lines import without_heading
from notesearch.search.snippets import Piece, mark_words

Row = list[tuple[str, str]]  # stretches of text with their styles, as prompt_toolkit takes them

_BESIDE = 100  # columns from which the preview stands beside the hits, and not below them
_MOST_BEFORE, _MOST_BEHIND = 20, 60  # passages of the note around the hit that are shown
_BOLD, _FAINT, _PLACE, _MATCH, _CHOSEN = "bold", "dim", "ansicyan", "bold ansiyellow", "reverse"
_HINTS = (
    "Type a question: notes that answer it appear as you type.",
    "",
    'tag:dpo  -tag:survey  since:2025  path:papers/  "words"',
    "narrow it; such filters alone list the newest notes.",
)
_KEYS = ("↑↓ choose", "Enter open", "Tab tags", "Esc leave", "PgUp PgDn scroll the note")
_TAG_KEYS = ("↑↓ choose", "Enter take the tag", "Esc back")


@dataclass(frozen=True, slots=True)
class Preview:
    """The note of a hit, and which of its passages the hit is."""

    hit: Hit
    passages: tuple[Passage, ...]


@dataclass(slots=True)
class State:
    """What the picker knows, all of it shown."""

    answer: Answer | None = None  # None before the first one, and for an empty line
    selected: int = 0  # of the hits, or of the tags while one is chosen
    message: str = ""  # an error, or what takes long
    news: tuple[str, ...] = ()  # of the index, lines that are shown while nothing is asked
    is_asking: bool = False
    preview: Preview | None = None
    scrolled: int = 0  # rows of the preview, from where the hit begins
    tags: tuple[TagCount, ...] | None = None  # while one is chosen: those that are offered

    @property
    def hit(self) -> Hit | None:
        """The hit that is chosen."""
        hits = self.answer.hits if self.answer else ()
        return hits[self.selected] if self.tags is None and self.selected < len(hits) else None


def screen_rows(state: State, width: int, height: int) -> list[Row]:
    """Lay out all rows below the line of input: what is said, the body, the keys."""
    room = max(height - 2, 0)
    if state.tags is not None:
        body = _tag_rows(state.tags, state.selected, width, room)
    elif state.answer is None:
        more = ([(_FAINT, clipped(printable(line), width))] for line in state.news[1:])
        hints = ([(_FAINT, f"  {clipped(hint, width - 2)}")] for hint in _HINTS)
        body = [*more, [], *hints]
    elif not state.answer.hits:
        body = []
    elif width >= _BESIDE:
        body = _side_by_side(state, width, room)
    else:
        body = _one_below_the_other(state, width, room)
    body = [*body[:room], *([] for _ in range(room - len(body)))]
    keys = _fitting(_KEYS if state.tags is None else _TAG_KEYS, width)
    rows: list[Row] = [[(_FAINT, clipped(_said(state), width))], *body, [(_FAINT, keys)]]
    return rows[:height]


def _said(state: State) -> str:
    if state.message:
        return printable(state.message)
    if state.tags is not None:
        return _count(len(state.tags), "tag") if state.tags else "no tag is called so"
    if state.is_asking:
        return "asking…"
    if state.answer is None:
        return printable(state.news[0]) if state.news else ""
    if not state.answer.hits:
        return "nothing found"
    if state.answer.weak:
        return "nothing relevant found; the nearest there is:"
    count = _count(len(state.answer.hits), "note")
    corrections = state.answer.corrections
    return f"{count}; {name_corrections(corrections)}" if corrections else count


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _fitting(parts: Sequence[str], width: int) -> str:
    """Join as many parts as fit."""
    shown = ""
    for part in parts:
        longer = f"{shown}   {part}" if shown else part
        if cells(longer) > width:
            break
        shown = longer
    return shown


def _one_below_the_other(state: State, width: int, room: int) -> list[Row]:
    hits = state.answer.hits if state.answer else ()
    listed = min(len(hits), max(3, room * 2 // 5), room)
    rows = _hit_rows(hits, state.selected, width, listed)
    if room - listed < 3:  # too low for a preview
        return _hit_rows(hits, state.selected, width, room)
    return [*rows, [(_FAINT, "─" * width)], *_preview_rows(state, width, room - listed - 1)]


def _side_by_side(state: State, width: int, room: int) -> list[Row]:
    hits = state.answer.hits if state.answer else ()
    left_width = width * 2 // 5
    left = _hit_rows(hits, state.selected, left_width, room)
    right = _preview_rows(state, width - left_width - 3, room)
    rows: list[Row] = []
    for number in range(room):
        one = left[number] if number < len(left) else [("", " " * left_width)]
        other = right[number] if number < len(right) else []
        rows.append([*one, (_FAINT, " │ "), *other])
    return rows


def _hit_rows(hits: Sequence[Hit], selected: int, width: int, room: int) -> list[Row]:
    rows = []
    for number in _around(selected, len(hits), room):
        hit = hits[number]
        aside = shown_score(hit) or printable(hit.date or "")
        rows.append(_list_row(hit.title, aside, width, is_chosen=number == selected))
    return rows


def _tag_rows(tags: Sequence[TagCount], selected: int, width: int, room: int) -> list[Row]:
    return [
        _list_row(
            tags[number].written, f"{tags[number].notes:,}", width, is_chosen=number == selected
        )
        for number in _around(selected, len(tags), room)
    ]


def _list_row(text: str, aside: str, width: int, *, is_chosen: bool) -> Row:
    """Lay out a row of a list: a text, and at the right end a number or date."""
    shown = clipped(printable(text), width - 2 - len(aside) - 2)
    gap = " " * max(width - 2 - cells(shown) - len(aside) - 1, 0)
    if is_chosen:
        return [(_CHOSEN, f"› {shown}{gap}{aside} ")]
    return [("", f"  {shown}{gap}"), (_FAINT, f"{aside} ")]


def _around(selected: int, count: int, room: int) -> range:
    """Return which rows of a list to show, so that the chosen one is among them."""
    first = max(min(selected - room // 2, count - room), 0)
    return range(first, min(first + room, count))


def _preview_rows(state: State, width: int, room: int) -> list[Row]:
    """Show the note of the chosen hit, from where the hit begins."""
    preview = state.preview
    if preview is None or preview.hit is not state.hit or state.answer is None:
        return []
    rows, begin = _note_rows(preview, state.answer.words, width)
    first = max(min(begin + state.scrolled, len(rows) - (room - 1)), 0)
    state.scrolled = first - begin  # or keys beyond the end would have to be taken back
    return [_heading(preview.hit, width), *rows[first:]][:room]


def _heading(hit: Hit, width: int) -> Row:
    place = clipped(place_in(escaped(hit.path), hit.line_start, hit.line_end), width)
    tags = " ".join(f"#{tag.replace(' ', '-')}" for tag in hit.tags)
    facts = printable(" · ".join(part for part in (hit.date, tags) if part))
    room = width - cells(place) - 2
    return [(_PLACE, place), (_FAINT, f"  {clipped(facts, room)}" if facts and room >= 8 else "")]


def _note_rows(preview: Preview, words: str, width: int) -> tuple[list[Row], int]:
    """Lay out the passages around the hit; return the rows, and where the hit begins."""
    ids = [passage.id for passage in preview.passages]
    at = ids.index(preview.hit.passage_id) if preview.hit.passage_id in ids else 0
    near = preview.passages[max(at - _MOST_BEFORE, 0) : at + _MOST_BEHIND]
    rows: list[Row] = []
    begin, section = 0, None
    for passage in near:
        is_hit = passage.id == preview.hit.passage_id
        bar = ("", "▌ " if is_hit else "  ")
        if rows:
            rows.append([])
        if is_hit:
            begin = len(rows)
        if passage.section and (is_hit or passage.section != section):
            name = clipped(printable(" › ".join(passage.section)), width - 2)
            rows.append([bar, (_BOLD, name)])
        section = passage.section
        marked = _readable(passage.text, words if is_hit else "")
        rows += [
            [bar, *((_MATCH if piece.marked else "", piece.text) for piece in line)]
            for line in wrapped(marked, width - 2)
        ]
    return rows, begin


@lru_cache(maxsize=4 * (_MOST_BEFORE + _MOST_BEHIND))  # it is drawn at every key
def _readable(text: str, words: str) -> tuple[Piece, ...]:
    """Return a passage as a reader sees it, below the section that it is of."""
    return mark_words(without_heading(text), words)
