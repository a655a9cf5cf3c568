"""Note in, passages out: sized in tokens of the model that reads them, nothing cut off.

Short sections are merged up to the limit, long ones are split at blocks, then list items
and rows, then sentences, then words. Passages tile the note: each character of its lines,
blank ones aside, stands in exactly one of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate

from notesearch.corpus.search_text import to_words
from notesearch.records import Block, Note, Passage, Role, Section

# Raised whenever the same note may give other passages: an index then cuts its notes anew.
CHUNKER_VERSION = 1

# The title may take this share of a passage; a longer one is cut in the search text alone.
_TITLE_SHARE = 4
# A model may take a word of a thousand signs for one token: so many signs count as one.
_CHARS_PER_TOKEN = 20
# A section under so many tokens joins its neighbour even where their roles differ.
_TOO_SHORT_ALONE = 24
_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[^a-z\s])|\n\s*\n")
_CLAUSE = re.compile(r"(?<=[,;:])\s+|\s+(?=[–—])")
_LINE = re.compile(r"\n")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the note's text that will not be split any further."""

    start: int  # offsets into the note's lines joined by line ends
    end: int
    section: Section
    words: str
    size: int  # in tokens, a floor for its length in signs included

    @property
    def role(self) -> Role | None:
        return self.section.role


def chunk_note(note: Note, *, max_tokens: int, count: Callable[[str], int]) -> list[Passage]:
    """Cut a note into passages whose search text has at most `max_tokens` tokens by `count`."""
    title = _shortened(to_words(note.title), max(1, max_tokens // _TITLE_SHARE), count)
    cutter = _Cutter(note, title, max_tokens - count(title) if title else max_tokens, count)
    passages: list[Passage] = []
    seen: dict[str, int] = {}
    for pieces in _fitting(cutter.packs(), title, max_tokens, count, cutter):
        passage = cutter.passage(pieces, seen)
        if passage is not None:
            passages.append(passage)
    return passages


def _fitting(
    packs: Iterator[list[_Piece]],
    title: str,
    max_tokens: int,
    count: Callable[[str], int],
    cutter: _Cutter,
) -> Iterator[list[_Piece]]:
    """Split the packs whose joined text has more tokens than their pieces had alone."""
    todo: list[list[_Piece]] = []
    for pack in packs:
        todo.append(pack)
        while todo:
            pieces = todo.pop()
            if count(_search_text(title, pieces)) <= max_tokens:
                yield pieces
            elif len(pieces) > 1:
                half = len(pieces) // 2
                todo += [pieces[half:], pieces[:half]]
            else:
                halves = cutter.halves(pieces[0])
                todo += [[half] for half in reversed(halves)]


def _shortened(text: str, max_tokens: int, count: Callable[[str], int]) -> str:
    """Drop words from the end until a text fits."""
    words = text.split()
    while words and count(" ".join(words)) > max_tokens:
        words = words[: len(words) * 3 // 4]
    return " ".join(words)


def _search_text(title: str, pieces: Sequence[_Piece]) -> str:
    """Join what a passage is found by: the title once, then the words of its pieces."""
    body = "\n".join(piece.words for piece in pieces if piece.words)
    if title and body.startswith(title):
        body = body[len(title) :].lstrip(" .:\n")
    return "\n".join(part for part in (title, body) if part)


class _Cutter:
    """Cuts one note: knows where its lines lie in the joined text, and how much room there is."""

    def __init__(self, note: Note, title: str, room: int, count: Callable[[str], int]) -> None:
        self._note = note
        self._title = title
        self._text = "\n".join(note.lines)
        # Where each line starts; one more than there are lines.
        self._starts = list(accumulate((len(line) + 1 for line in note.lines), initial=0))
        self._room = max(room, 8)
        self._count = count

    def packs(self) -> Iterator[list[_Piece]]:
        """Yield the pieces of each passage, in order."""
        pack: list[_Piece] = []
        size = 0
        for section in self._note.sections:
            for piece in self._section_pieces(section):
                if pack and not (size + piece.size <= self._room and _may_join(pack, piece, size)):
                    yield pack
                    pack, size = [], 0
                pack.append(piece)
                size += piece.size
        if pack:
            yield pack

    def passage(self, pieces: Sequence[_Piece], seen: dict[str, int]) -> Passage | None:
        """Make a passage of its pieces; None when nothing but white space is in them."""
        start, end = pieces[0].start, pieces[-1].end
        text = self._text[start:end]
        start += len(text) - len(text.lstrip())
        text = text.strip()
        if not text:
            return None
        search_text = _search_text(self._title, pieces)
        numbers = self._note.line_numbers
        largest = max(pieces, key=lambda piece: piece.size)
        return Passage(
            id=_passage_id(self._note.id, text, seen),
            note_id=self._note.id,
            section=largest.section.headings,
            role=largest.role,
            line_start=numbers[self._position(start)],
            line_end=numbers[self._position(start + len(text) - 1)],
            text=text,
            search_text=search_text,
            tokens=self._count(search_text),
        )

    def halves(self, piece: _Piece) -> list[_Piece]:
        """Split a piece that turned out too large near its middle."""
        middle = (piece.start + piece.end) // 2
        if middle == piece.start:  # one sign can't be split: it goes without words
            return [_Piece(piece.start, piece.end, piece.section, "", 0)]
        return [
            self._piece(start, end, piece.section)
            for start, end in ((piece.start, middle), (middle, piece.end))
        ]

    def _position(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _section_pieces(self, section: Section) -> Iterator[_Piece]:
        whole = self._block_piece(section.blocks[0].start, section.blocks[-1].end, section)
        if whole.size <= self._room:
            yield whole
            return
        heading: _Piece | None = None
        for block in section.blocks:
            for piece in self._block_pieces(block, section):
                if heading is not None:  # a heading never ends a passage of its section
                    joined = self._piece(heading.start, piece.end, section)
                    if joined.size <= self._room:
                        yield joined
                    else:
                        yield from (heading, piece)
                    heading = None
                elif block.kind == "heading":
                    heading = piece
                else:
                    yield piece
        if heading is not None:
            yield heading

    def _block_pieces(self, block: Block, section: Section) -> Iterator[_Piece]:
        """Yield the largest pieces of a block that fit."""
        whole = self._block_piece(block.start, block.end, section)
        if whole.size <= self._room:
            yield whole
        elif block.children:
            for child in block.children:
                yield from self._block_pieces(child, section)
        else:
            prose = block.kind in ("paragraph", "heading")
            separators = (_SENTENCE, _CLAUSE, _SPACE) if prose else (_LINE, _SENTENCE, _SPACE)
            yield from self._split(whole, separators)

    def _split(self, piece: _Piece, separators: Sequence[re.Pattern[str]]) -> Iterator[_Piece]:
        """Split a piece at the first separator that parts it, and what is too large again."""
        if piece.size <= self._room:
            yield piece
            return
        for number, separator in enumerate(separators):
            found = separator.finditer(self._text, piece.start, piece.end)
            cuts = [match.end() for match in found if piece.start < match.end() < piece.end]
            groups = list(self._grouped([piece.start, *cuts, piece.end]))
            if len(groups) > 1:
                for start, end in groups:
                    part = self._piece(start, end, piece.section)
                    yield from self._split(part, separators[number:])
                return
        step = max(1, self._room * _CHARS_PER_TOKEN // 8)
        if piece.end - piece.start <= step:
            for half in self.halves(piece):
                yield from self._split(half, ())
            return
        for start in range(piece.start, piece.end, step):
            part = self._piece(start, min(start + step, piece.end), piece.section)
            yield from self._split(part, ())

    def _grouped(self, bounds: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Group neighbouring stretches by their length, so that few are measured one by one."""
        most = max(1, self._room)  # a token has about four signs: a quarter of the room
        start = bounds[0]
        for end, following in zip(bounds[1:], [*bounds[2:], bounds[-1]], strict=True):
            if following - start > most or end == bounds[-1]:
                yield start, end
                start = end

    def _block_piece(self, start: int, end: int, section: Section) -> _Piece:
        """Measure whole lines by their markup, positions `start` to `end`."""
        words = to_words("\n".join(self._note.markup[start:end]))
        return self._measured(self._starts[start], self._starts[end], section, words)

    def _piece(self, start: int, end: int, section: Section) -> _Piece:
        return self._measured(start, end, section, to_words(self._text[start:end]))

    def _measured(self, start: int, end: int, section: Section, words: str) -> _Piece:
        size = max(self._count(words) if words else 0, (end - start) // _CHARS_PER_TOKEN)
        return _Piece(start, min(end, len(self._text)), section, words, size)


def _may_join(pack: Sequence[_Piece], piece: _Piece, size: int) -> bool:
    """Keep sections of different roles apart, so that a question can be put to one of them."""
    if pack[-1].section is piece.section or pack[-1].role is piece.role:
        return True
    return min(size, piece.size) < _TOO_SHORT_ALONE


def _passage_id(note_id: str, text: str, seen: dict[str, int]) -> str:
    """Name a passage by its note and text; the second time a note says the same, by that too."""
    count = seen[text] = seen.get(text, -1) + 1
    key = f"{note_id}\0{text}" + (f"\0{count}" if count else "")
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
