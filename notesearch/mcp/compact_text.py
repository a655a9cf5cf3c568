"""Write hits and notes for an agent: as few signs as say it, and never more than a limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2s

from notesearch.errors import UsageError
from notesearch.index.snapshot import StoredNote
from notesearch.records import Hit, Passage, place_in
from notesearch.render.terminal import escaped, printable, printable_lines
from notesearch.search.snippets import Piece
from notesearch.spelling import normalise_tag

# Of one answer. What does not fit is named, with what gives it.
MOST_CHARS = 20_000
_ROOM_FOR_THE_REST = 300  # for what says so
_LONGEST_TITLE = 200
_LONGEST_EXCERPT = 600  # a formula is never cut, and may be longer than an excerpt is asked to be
_LONGEST_PATH = 4096
_MOST_TAGS = 6
_LONGEST_TAG = 40
# Signs that nobody sees and that a model reads: with them a copied page could give it orders.
_UNSEEN = re.compile("[\U000e0000-\U000e007f]")
_CURSOR = re.compile(r"([1-9]\d{0,6})-([0-9a-f]{6})")


def plain_line(text: str, most: int) -> str:
    """Return a text of somebody's notes on one line, cut where it is longer."""
    line = " ".join(_UNSEEN.sub("", printable(text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def plain_lines(text: str) -> str:
    """Return a text of somebody's notes with its lines."""
    return _UNSEEN.sub("", printable_lines(text))


def hit_text(number: int, hit: Hit, excerpt: Sequence[Piece]) -> str:
    """Write a hit: title, place, facts, and the part of the passage that answers."""
    paper = " ".join(part for part in (hit.paper, f"({hit.year})" if hit.year else "") if part)
    section = plain_line(" › ".join(hit.section), _LONGEST_TITLE)
    facts = [
        place_in(_path(hit.path), hit.line_start, hit.line_end),
        section,
        *_facts(hit.date, paper, _not_in_path(hit)),
    ]
    also = ", ".join(place_in(_path(o.path), o.line_start, o.line_end) for o in hit.copies[:2])
    lines = [
        f"{number}. {plain_line(hit.title, _LONGEST_TITLE)}",
        f"   {' · '.join(part for part in facts if part)}",
        f"   also in {also}" if also else "",
        f"   {plain_line(''.join(piece.text for piece in excerpt), _LONGEST_EXCERPT)}",
    ]
    return "\n".join(line for line in lines if line.strip())


def note_line(note: StoredNote) -> str:
    """Write a note on one line: date, place, title, tags."""
    part = "#" in note.note_id  # of a file with several notes
    place = f"{_path(note.path)}:{note.line_start}" if part else _path(note.path)
    title = plain_line(note.title, _LONGEST_TITLE)
    return " · ".join([*_facts(note.date, "", ()), place, title, *_facts(None, "", note.tags)])


def note_head(note: StoredNote) -> str:
    """Write what is known about a note: title, place, facts."""
    paper = " ".join(p for p in (note.paper, f"({note.year})" if note.year else "") if p)
    authors = plain_line(", ".join(note.authors), _LONGEST_TITLE)
    facts = [
        place_in(_path(note.path), note.line_start, note.line_end),
        *_facts(note.date, paper, note.tags),
        f"by {authors}" if authors else "",
    ]
    return f"{plain_line(note.title, _LONGEST_TITLE)}\n{' · '.join(part for part in facts if part)}"


def passage_text(passage: Passage, first: int, last: int) -> str:
    """Write the lines of a passage that lie between two, below their numbers; "" where none do.

    A passage whose lines are not those of the file is written whole.
    """
    start, end = max(passage.line_start, first), min(passage.line_end, last)
    if start > end:
        return ""
    lines = passage.text.split("\n")
    if len(lines) == passage.line_end - passage.line_start + 1:
        lines = lines[start - passage.line_start : end - passage.line_start + 1]
    else:
        start, end = passage.line_start, passage.line_end
    number = f"[{start}-{end}]" if end > start else f"[{start}]"
    return f"{number}\n{plain_lines(chr(10).join(lines)).rstrip()}"


def fitting(blocks: Iterable[str], taken: int = 0) -> list[str]:
    """Return the first blocks that fit into an answer together; of a first one, what fits.

    `taken` is how long the answer is without them.
    """
    room = MOST_CHARS - _ROOM_FOR_THE_REST - taken
    fits: list[str] = []
    for block in blocks:
        if len(block) > room:
            if not fits:
                fits.append(f"{block[: room - 1]}…")
            break
        fits.append(block)
        room -= len(block) + 2  # with what separates it from the next
    return fits


def next_cursor(asked: str, shown: int) -> str:
    """Return what continues a list behind so many entries; good for the same question alone."""
    return f"{shown}-{_mark_of(asked)}"


def read_cursor(asked: str, cursor: str | None) -> int:
    """Return how many entries were shown; UsageError for a cursor that is not of this question."""
    if not cursor:
        return 0
    found = _CURSOR.fullmatch(cursor)
    if found is None or found[2] != _mark_of(asked):
        raise UsageError(
            f"cursor {plain_line(cursor, 30)!r} is not of this question; leave it out to begin, or "
            "give it with the very words it came with"
        )
    return int(found[1])


def _mark_of(asked: str) -> str:
    return blake2s(asked.encode(), digest_size=3).hexdigest()


def _not_in_path(hit: Hit) -> list[str]:
    """Return the tags of a hit but for those that are folders of its path."""
    folders = {normalise_tag(folder) for folder in hit.path.replace(":", "/").split("/")[:-1]}
    return [tag for tag in hit.tags if normalise_tag(tag) not in folders]


def _path(path: str) -> str:
    return escaped(path)[:_LONGEST_PATH]


def _facts(date: str | None, paper: str, tags: Sequence[str]) -> list[str]:
    shown = [tag for tag in dict.fromkeys(tags) if len(tag) <= _LONGEST_TAG][:_MOST_TAGS]
    hashtags = " ".join(f"#{tag.replace(' ', '-')}" for tag in shown)
    facts = (plain_line(part, _LONGEST_TITLE) for part in (date or "", paper, hashtags))
    return [part for part in facts if part]
