"""Note in, passages out: sized in tokens of the model that reads them, nothing cut off.

Short sections are merged up to the limit, long ones are split at blocks, then list items
and rows, then sentences, then words. Passages tile the note: each character of its lines,
blank ones aside, stands in exactly one of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from itertools import accumulate, pairwise

from notesearch.corpus.passage_groups import Piece, pack, speaker_of
from notesearch.corpus.search_text.plain_words import to_words
from notesearch.records import Block, Note, Passage, Section

# The title may take this share of a passage; a longer one is cut, in the search text alone.
_TITLE_SHARE = 4
# A model may take a word of a thousand signs for one token: so many signs count as one.
_CHARS_PER_TOKEN = 20
# A longer section hardly ever fits (one in eight): it is measured by its blocks at once.
_MAX_CHARS_PER_TOKEN = 5.5
_LONGEST_LEAD = 120
_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[^a-z\s])|\n\s*\n")
_CLAUSE = re.compile(r"(?<=[,;:])\s+|(?<!\s)\s+(?=[–—])")
_LINE = re.compile(r"\n")
_NUMBER = re.compile(r"\d{1,4}[.)] ")
_SPACE = re.compile(r"\s+")
_PROSE = (_SENTENCE, _CLAUSE, _SPACE)
_LINES = (_LINE, _SENTENCE, _SPACE)

CountTokens = Callable[[Sequence[str]], Sequence[int]]


def chunk_note(note: Note, *, max_tokens: int, count: CountTokens) -> list[Passage]:
    """Cut a note into passages whose search text has at most `max_tokens` tokens.

    `count` gives the number of tokens of each text in a list, the way the model counts them.
    """
    title, title_size = _short_title(note.title, max(1, max_tokens // _TITLE_SHARE), count)
    room = max(max_tokens - title_size, 1)
    cutter = _Cutter(note, room=room, count=count)
    make = partial(_make_passage, note, cutter, {})
    fitting = _fitting(pack(list(cutter.pieces()), room), title, max_tokens, cutter, count)
    passages = (make(pieces, text, tokens) for pieces, text, tokens in fitting)
    return [passage for passage in passages if passage is not None]


def _short_title(title: str, max_tokens: int, count: CountTokens) -> tuple[str, int]:
    """Give a title's words and their count, words dropped from the end until they fit."""
    words = to_words(title).split()
    size = count([" ".join(words)])[0]
    while words and size > max_tokens:
        words = words[: len(words) * 3 // 4]
        size = count([" ".join(words)])[0]
    return " ".join(words), size if words else 0


def _fitting(
    packs: Sequence[Sequence[Piece]],
    title: str,
    max_tokens: int,
    cutter: _Cutter,
    count: CountTokens,
) -> Iterator[tuple[Sequence[Piece], str, int]]:
    """Yield packs with search text and count; what is over the limit after all is split.

    Pieces are measured alone, and a tokenizer may see more tokens where two of them meet.
    """
    texts = [_search_text(title, pieces) for pieces in packs]
    for pieces, text, tokens in zip(packs, texts, count(texts) if texts else (), strict=True):
        if tokens <= max_tokens:
            yield pieces, text, tokens
            continue
        middle = len(pieces) // 2
        halves = [pieces[:middle], pieces[middle:]] if middle else cutter.halves(pieces[0])
        yield from _fitting(halves, title, max_tokens, cutter, count)


def _search_text(title: str, pieces: Iterable[Piece]) -> str:
    """Join what a passage is found by: the title once, then the words of its pieces."""
    body = "\n".join(piece.words for piece in pieces if piece.words)
    number = None if body.startswith(title) else _NUMBER.match(body)
    start = number.end() if number else 0
    end = start + len(title)
    if title and body.startswith(title, start) and not body[end : end + 1].isalnum():
        body = body[end:].lstrip(" .,:;\n")
    return "\n".join(part for part in (title, body) if part)


def _make_passage(
    note: Note,
    cutter: _Cutter,
    seen: dict[str, int],
    pieces: Sequence[Piece],
    search_text: str,
    tokens: int,
) -> Passage | None:
    """Make a passage of its pieces; None when nothing but white space is in them."""
    start, text = cutter.stripped(pieces[0].start, pieces[-1].end)
    if not text:
        return None
    speaker = speaker_of(pieces)
    return Passage(
        id=_passage_id(note.id, text, seen),
        note_id=note.id,
        section=speaker.section.headings,
        role=speaker.role,
        line_start=note.line_numbers[cutter.position(start)],
        line_end=note.line_numbers[cutter.position(start + len(text) - 1)],
        text=text,
        search_text=search_text,
        tokens=tokens,
    )


def _passage_id(note_id: str, text: str, seen: dict[str, int]) -> str:
    """Name a passage by its note and text; the second time a note says the same, by that too."""
    repeats = seen[text] = seen.get(text, -1) + 1
    key = f"{note_id}\0{text}" + (f"\0{repeats}" if repeats else "")
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class _Cutter:
    """Cuts one note: knows where its lines lie in the joined text, and how much room there is."""

    def __init__(self, note: Note, *, room: int, count: CountTokens) -> None:
        self._note = note
        self._text = "\n".join(note.lines)
        # Where each line starts; one more than there are lines.
        self._starts = list(accumulate((len(line) + 1 for line in note.lines), initial=0))
        self._room = room
        self._count = count

    def halves(self, piece: Piece) -> list[list[Piece]]:
        """Split a piece near its middle."""
        return [[part] for part in self._evenly(piece, 2)]

    def _evenly(self, piece: Piece, parts: int) -> list[Piece]:
        """Split a piece into so many of equal length; a single sign that won't fit goes silent.

        All at once: halving again and again measures a megabyte ten times.
        """
        length = piece.end - piece.start
        if length == 1:
            return [replace(piece, words="", size=1)]
        parts = min(parts, length)
        bounds = [piece.start + length * number // parts for number in range(parts + 1)]
        return self._measure_text(list(pairwise(bounds)), piece)

    def position(self, offset: int) -> int:
        """Give the position of the line that an offset lies in."""
        return bisect_right(self._starts, offset) - 1

    def stripped(self, start: int, end: int) -> tuple[int, str]:
        """Give the text between two offsets without white space around it, and its offset."""
        text = self._text[start:end]
        return start + len(text) - len(text.lstrip()), text.strip()

    def pieces(self) -> Iterator[Piece]:
        """Yield the sections of the note, in order, or their parts where they don't fit."""
        longest = int(self._room * _MAX_CHARS_PER_TOKEN)
        sections = self._note.sections
        spans = [(section.blocks[0].start, section.blocks[-1].end) for section in sections]
        short = [
            number
            for number, (start, end) in enumerate(spans)
            if self._starts[end] - self._starts[start] <= longest
        ]
        measured = self._measure_lines(
            [spans[number] for number in short], [sections[number] for number in short]
        )
        wholes = dict(zip(short, measured, strict=True))
        for number, section in enumerate(sections):
            whole = wholes.get(number)
            if whole and whole.size <= self._room:
                yield whole
            else:
                yield from self._block_pieces(
                    section.blocks, section, whole.size if whole else longest
                )

    def _block_pieces(
        self, blocks: Sequence[Block], section: Section, section_size: int
    ) -> Iterator[Piece]:
        """Yield the largest pieces of some blocks that fit."""
        blocks = [_innermost(block) for block in blocks]
        # What is longer than any passage is not measured, it is split in any case.
        short = [block for block in blocks if self._may_fit(block)]
        bounds = [(block.start, block.end) for block in short]
        measured = iter(self._measure_lines(bounds, [section] * len(bounds), section_size))
        for block in blocks:
            piece = next(measured) if self._may_fit(block) else None
            if piece and piece.size <= self._room:
                yield piece
            elif block.children:
                yield from self._block_pieces(block.children, section, section_size)
            else:
                prose = block.kind in ("paragraph", "heading", "html", "row")
                piece = piece or self._unmeasured(block, section, section_size)
                yield from self._split(piece, _PROSE if prose else _LINES)

    def _may_fit(self, block: Block) -> bool:
        length = self._starts[block.end] - self._starts[block.start]
        return length // _CHARS_PER_TOKEN <= self._room

    def _unmeasured(self, block: Block, section: Section, section_size: int) -> Piece:
        """Make a piece of a block that is to be split, its size a guess."""
        start, end = self._starts[block.start], min(self._starts[block.end], len(self._text))
        size = int((end - start) / _MAX_CHARS_PER_TOKEN)
        return Piece(start, end, section, "", size, section_size, False)

    def _split(self, piece: Piece, separators: Sequence[re.Pattern[str]]) -> Iterator[Piece]:
        """Split a piece at the first separator that parts it; what is too large, again."""
        if piece.size <= self._room:
            yield piece
            return
        for number, separator in enumerate(separators):
            found = separator.finditer(self._text, piece.start, piece.end)
            cuts = [match.end() for match in found if match.end() < piece.end]
            groups = self._grouped([piece.start, *cuts, piece.end])
            if len(groups) > 1:
                for part in self._measure_text(groups, piece):
                    yield from self._split(part, separators[number:])
                return
        for part in self._evenly(piece, -(-piece.size // self._room)):
            yield from self._split(part, ())

    def _grouped(self, bounds: Sequence[int]) -> list[tuple[int, int]]:
        """Group short neighbours up to a quarter of the room, so that fewer are measured."""
        groups: list[tuple[int, int]] = []
        for start, end in pairwise(bounds):
            if groups and end - groups[-1][0] <= self._room:  # a token has some four signs
                groups[-1] = (groups[-1][0], end)
            elif end > start:
                groups.append((start, end))
        return groups

    def _measure_lines(
        self,
        bounds: Sequence[tuple[int, int]],
        sections: Sequence[Section],
        section_size: int = 0,
    ) -> list[Piece]:
        """Measure stretches of whole lines, given as positions, by their Markdown."""
        markup = self._note.markup
        words = [to_words("\n".join(markup[start:end])) for start, end in bounds]
        offsets = [(self._starts[start], self._starts[end]) for start, end in bounds]
        return self._measured(offsets, words, sections, section_size)

    def _measure_text(self, bounds: Sequence[tuple[int, int]], whole: Piece) -> list[Piece]:
        """Measure parts of a piece, given as offsets."""
        words = [to_words(self._text[start:end]) for start, end in bounds]
        return self._measured(bounds, words, [whole.section] * len(words), whole.section_size)

    def _measured(
        self,
        bounds: Sequence[tuple[int, int]],
        words: Sequence[str],
        sections: Sequence[Section],
        section_size: int,
    ) -> list[Piece]:
        pieces = []
        sizes = self._count(words) if words else ()
        for (start, end), said, section, tokens in zip(bounds, words, sections, sizes, strict=True):
            size = max(tokens, (end - start) // _CHARS_PER_TOKEN, 1)
            end = min(end, len(self._text))
            leads = end - start <= _LONGEST_LEAD and _leads(self._text[start:end].strip())
            pieces.append(Piece(start, end, section, said, size, section_size or size, leads))
        return pieces


def _innermost(block: Block) -> Block:
    """Give the last of the blocks that each hold nothing but the next: they have the same text."""
    while len(block.children) == 1:
        block = block.children[0]
    return block


def _leads(text: str) -> bool:
    """Know a heading, `**Method**` alone on its line, and a line that ends in a colon."""
    if "\n" in text:
        return False
    is_bold = text.startswith("**") and text.endswith("**")
    return text.startswith("#") or is_bold or text.rstrip("*_ ").endswith(":")
