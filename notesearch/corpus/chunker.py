"""Split notes into passages: at sections, then blocks, list items and rows, sentences, words.

Passages are sized in tokens of the model that reads them; short sections are merged up to the
limit. One piece of a passage gives it its section, and all give it their roles. Passages tile the
note: each character of its lines, blank ones aside, stands in exactly one of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import accumulate, compress, pairwise, repeat, starmap
from math import inf

from notesearch.corpus.search_text.plain_words import to_words
from notesearch.records import Block, Note, Passage, Role, Section
from notesearch.section_roles import join_roles

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

# A section under so many tokens joins its neighbour even where their roles differ.
_TOO_SHORT_ALONE = 24
# A piece gives a passage its section beside pieces without one that are up to so many times larger.
_MAX_TIMES_SPEAKER = 3
# What a passage of its own costs is 1; these make the cuts fall where a reader would put them.
_CUT_AFTER_LEAD = 2.0
_CUT_IN_SECTION = 0.3
_EMPTY = 0.5
_MAX_PIECES = 100

CountTokens = Callable[[Sequence[str]], Sequence[int]]


def chunk_note(note: Note, *, max_tokens: int, count: CountTokens) -> list[Passage]:
    """Cut a note into passages whose search text has at most `max_tokens` tokens.

    `count` returns the number of tokens of each text in a list, the way the model counts them.
    """
    cutter = _Cutter(note, max_tokens, count)
    return list(cutter.passages(_group_pieces(list(cutter.pieces()), cutter.room)))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a note's text, measured."""

    start: int  # offsets into the note's lines joined by line ends
    end: int
    section: Section
    words: str
    size: int  # in tokens, or more where its length asks for it; at least 1
    leads: bool  # a heading or the like, which goes with what follows

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of the section it is from; none of a heading with nothing below it."""
        return () if self.leads else self.section.roles


class _Cutter:
    """Cuts one note into pieces that fit a passage, and makes passages of groups of them."""

    def __init__(self, note: Note, max_tokens: int, count: CountTokens) -> None:
        self._note = note
        self._text = "\n".join(note.lines)
        # Where each line starts; one more than there are lines.
        self._starts = list(accumulate((len(line) + 1 for line in note.lines), initial=0))
        self._max_tokens = max_tokens
        self._count = count
        self._title, title_size = self._short_title()
        self.room = max(max_tokens - title_size, 1)  # tokens of a passage beside the title
        self._seen: Counter[str] = Counter()  # texts of the passages so far

    def _short_title(self) -> tuple[str, int]:
        """Return the title's words and their number of tokens, cut at the end until they fit."""
        words = to_words(self._note.title).split()
        size = self._count([" ".join(words)])[0]
        while words and size > max(1, self._max_tokens // _TITLE_SHARE):
            words = words[: len(words) * 3 // 4]
            size = self._count([" ".join(words)])[0]
        return " ".join(words), size if words else 0

    def passages(self, groups: Sequence[Sequence[_Piece]]) -> Iterator[Passage]:
        """Yield the passages of groups of pieces, but for white space; split what is too long.

        Pieces are measured alone, and a tokenizer may see more tokens where two of them meet.
        """
        texts = [self._search_text(pieces) for pieces in groups]
        sizes = self._count(texts) if texts else ()
        for pieces, search_text, tokens in zip(groups, texts, sizes, strict=True):
            if tokens > self._max_tokens:
                middle = len(pieces) // 2
                if middle:
                    yield from self.passages([pieces[:middle], pieces[middle:]])
                else:
                    yield from self.passages([[part] for part in self._split_evenly(pieces[0], 2)])
                continue
            whole = self._text[pieces[0].start : pieces[-1].end]
            text = whole.strip()
            if text:
                start = pieces[0].start + len(whole) - len(whole.lstrip())
                speaker = _speaker_of(pieces)
                yield Passage(
                    id=self._passage_id(text),
                    note_id=self._note.id,
                    section=speaker.section.headings,
                    roles=join_roles(piece.roles for piece in (speaker, *pieces)),
                    line_start=self._line_at(start),
                    line_end=self._line_at(start + len(text) - 1),
                    text=text,
                    search_text=search_text,
                    tokens=tokens,
                )

    def _search_text(self, pieces: Sequence[_Piece]) -> str:
        """Return what a passage is found by: the title once, then the words of its pieces."""
        title = self._title
        body = "\n".join(piece.words for piece in pieces if piece.words)
        number = None if body.startswith(title) else _NUMBER.match(body)
        start = number.end() if number else 0
        end = start + len(title)
        if title and body.startswith(title, start) and not body[end : end + 1].isalnum():
            body = body[end:].lstrip(" .,:;\n")
        return "\n".join(part for part in (title, body) if part)

    def _passage_id(self, text: str) -> str:
        """Return a hash of the note, the text, and the number of equal texts before it."""
        repeats = self._seen[text]
        self._seen[text] += 1
        key = f"{self._note.id}\0{text}" + (f"\0{repeats}" if repeats else "")
        return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def _line_at(self, offset: int) -> int:
        """Return the line in the file that an offset lies in."""
        return self._note.line_numbers[bisect_right(self._starts, offset) - 1]

    def pieces(self) -> Iterator[_Piece]:
        """Yield the sections of the note, in order, or their parts where they don't fit."""
        sections = self._note.sections
        spans = [(section.blocks[0].start, section.blocks[-1].end) for section in sections]
        wholes = self._measure_lines(spans, sections, int(self.room * _MAX_CHARS_PER_TOKEN))
        for section, whole in zip(sections, wholes, strict=True):
            if whole and whole.size <= self.room:
                yield whole
            else:
                yield from self._block_pieces(section.blocks, section)

    def _block_pieces(self, blocks: Sequence[Block], section: Section) -> Iterator[_Piece]:
        """Yield the largest pieces of some blocks that fit."""
        blocks = [_innermost(block) for block in blocks]
        spans = [(block.start, block.end) for block in blocks]
        longest = (self.room + 1) * _CHARS_PER_TOKEN - 1  # that may fit
        pieces = self._measure_lines(spans, [section] * len(spans), longest)
        for block, piece in zip(blocks, pieces, strict=True):
            if piece and piece.size <= self.room:
                yield piece
            elif block.children:
                yield from self._block_pieces(block.children, section)
            else:
                if piece is None:
                    start = self._starts[block.start]
                    end = min(self._starts[block.end], len(self._text))
                    size = int((end - start) / _MAX_CHARS_PER_TOKEN)
                    piece = _Piece(start, end, section, "", size, leads=False)
                prose = block.kind in ("paragraph", "heading", "html", "row")
                yield from self._split(piece, _PROSE if prose else _LINES)

    def _split(self, piece: _Piece, separators: Sequence[re.Pattern[str]]) -> Iterator[_Piece]:
        """Split a piece at the first separator in it, and again where a part is too large."""
        if piece.size <= self.room:
            yield piece
            return
        for number, separator in enumerate(separators):
            found = separator.finditer(self._text, piece.start, piece.end)
            cuts = [match.end() for match in found if match.end() < piece.end]
            spans = self._joined([piece.start, *cuts, piece.end])
            if len(spans) > 1:
                for part in self._measure_text(spans, piece):
                    yield from self._split(part, separators[number:])
                return
        for part in self._split_evenly(piece, -(-piece.size // self.room)):
            yield from self._split(part, ())

    def _split_evenly(self, piece: _Piece, parts: int) -> list[_Piece]:
        """Split a piece into parts of equal length; a single sign that won't fit loses its words.

        All at once: halving again and again measures a megabyte ten times.
        """
        length = piece.end - piece.start
        if length == 1:
            return [replace(piece, words="", size=1)]
        parts = min(parts, length)
        bounds = [piece.start + length * number // parts for number in range(parts + 1)]
        return self._measure_text(list(pairwise(bounds)), piece)

    def _joined(self, bounds: Sequence[int]) -> list[tuple[int, int]]:
        """Join short neighbours up to a quarter of the room, so that fewer are measured."""
        spans: list[tuple[int, int]] = []
        for start, end in pairwise(bounds):
            if spans and end - spans[-1][0] <= self.room:  # a token has some four signs
                spans[-1] = (spans[-1][0], end)
            elif end > start:
                spans.append((start, end))
        return spans

    def _measure_lines(
        self, spans: Sequence[tuple[int, int]], sections: Sequence[Section], longest: int
    ) -> list[_Piece | None]:
        """Measure stretches of whole lines by their Markdown.

        None for a stretch of more than `longest` characters, which is split in any case.
        """
        offsets = [(self._starts[start], self._starts[end]) for start, end in spans]
        is_short = [end - start <= longest for start, end in offsets]
        texts = [
            "\n".join(self._note.markup[start:end]) for start, end in compress(spans, is_short)
        ]
        pieces = self._measure(
            list(compress(offsets, is_short)), texts, compress(sections, is_short)
        )
        return [next(pieces) if short else None for short in is_short]

    def _measure_text(self, spans: Sequence[tuple[int, int]], whole: _Piece) -> list[_Piece]:
        """Measure parts of a piece, given as offsets."""
        texts = [self._text[start:end] for start, end in spans]
        return list(self._measure(spans, texts, repeat(whole.section)))

    def _measure(
        self, spans: Sequence[tuple[int, int]], texts: Sequence[str], sections: Iterable[Section]
    ) -> Iterator[_Piece]:
        words = [to_words(text) for text in texts]
        sizes = self._count(words) if words else ()
        for (start, end), spoken, tokens, section in zip(
            spans, words, sizes, sections, strict=False
        ):
            size = max(tokens, (end - start) // _CHARS_PER_TOKEN, 1)
            end = min(end, len(self._text))
            leads = end - start <= _LONGEST_LEAD and _leads(self._text[start:end].strip())
            yield _Piece(start, end, section, spoken, size, leads)


def _innermost(block: Block) -> Block:
    """Return the innermost of the blocks that each hold nothing but the next: their text is one."""
    while len(block.children) == 1:
        block = block.children[0]
    return block


def _leads(text: str) -> bool:
    """Return whether a line is a heading, bold as a whole, or ends in a colon."""
    if "\n" in text:
        return False
    is_bold = text.startswith("**") and text.endswith("**")
    return text.startswith("#") or is_bold or text.rstrip("*_ ").endswith(":")


def _group_pieces(pieces: Sequence[_Piece], room: int) -> list[Sequence[_Piece]]:
    """Group neighbours into as few passages as fit, cut where it hurts least, evenly filled."""
    sizes = [piece.size for piece in pieces]
    # What it costs to join each piece with the one before it, and to cut between them.
    section_sizes: Counter[int] = Counter()
    for piece in pieces:
        section_sizes[id(piece.section)] += piece.size
    joining = [0.0, *(_join_cost(*both, section_sizes) for both in pairwise(pieces))]
    cutting = [0.0, *starmap(_cut_cost, pairwise(pieces))]
    # For each number of pieces: what grouping them costs at least, where the last group starts.
    best = [(0.0, 0)]
    for end in range(1, len(pieces) + 1):
        size, joins = 0, 0.0
        least, first = inf, end - 1
        for start in range(end - 1, max(end - _MAX_PIECES, 0) - 1, -1):
            size += sizes[start]
            if start < end - 1:
                joins += joining[start + 1]
                if size > room or joins > 1:
                    break
            gap = 1 - size / room if size < room else 0.0
            cost = best[start][0] + 1 + _EMPTY * gap * gap + joins + cutting[start]
            if cost <= least:
                least, first = cost, start
        best.append((least, first))
    groups = []
    end = len(pieces)
    while end:
        start = best[end][1]
        groups.append(pieces[start:end])
        end = start
    return groups[::-1]


def _join_cost(before: _Piece, piece: _Piece, section_sizes: Mapping[int, int]) -> float:
    # Sections of different roles stay apart, so that a question can be put to one of them.
    if before.section is piece.section or before.section.roles == piece.section.roles:
        return 0.0
    shorter = min(section_sizes[id(each.section)] for each in (before, piece))
    return shorter / _TOO_SHORT_ALONE


def _cut_cost(before: _Piece, piece: _Piece) -> float:
    if before.leads:
        return _CUT_AFTER_LEAD
    return _CUT_IN_SECTION if before.section is piece.section else 0.0


def _speaker_of(pieces: Sequence[_Piece]) -> _Piece:
    """Return the piece that gives a passage its section, and the first of its roles.

    The largest that has a role, unless it is small beside the largest of all.
    """
    largest = max(pieces, key=lambda piece: piece.size)
    with_role = [piece for piece in pieces if piece.roles]
    speaker = max(with_role, key=lambda piece: piece.size, default=largest)
    return speaker if _MAX_TIMES_SPEAKER * speaker.size >= largest.size else largest
