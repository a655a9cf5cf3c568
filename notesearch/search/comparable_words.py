"""Read a text as words that can be compared, each with its place in what a reader sees of it.

A sentence of a note may have formulas, links and line ends in it, and whoever remembers it writes
them in another way: both are read as they are shown, and words count by their stems.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from notesearch.search.passage_lines import join_lines
from notesearch.search.sentences import read_placed_atoms, read_sentences
from notesearch.search.word_stems import stem_word

# Scripts that write no spaces: each sign is compared by itself.
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_GREEK = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)")
# What a word processor and a web page leave inside of words.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_ROOM = re.compile(r"\s")
# A longer text is read in part: far more than a passage has.
_LONGEST_TEXT = 20_000


class ComparedWord(NamedTuple):
    """A word of a text; a tuple, since a question reads thousands."""

    written: str  # without case, in plain signs
    stem: str
    start: int  # in what is shown
    end: int
    line: int  # of the text, from 0


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A text as a reader sees it on one line, with its words and sentences."""

    shown: str
    words: tuple[ComparedWord, ...]
    sentences: tuple[range, ...]  # of words, which they tile; none is empty

    @property
    def stems(self) -> list[str]:
        """The stem of each word."""
        return [word.stem for word in self.words]

    @property
    def written(self) -> list[str]:
        """Each word as it is written."""
        return [word.written for word in self.words]

    def of(self, span: range) -> str:
        """Return what is shown of some words, with the signs that belong to them."""
        return self.shown[self.start_of(span) : self.end_of(span)]

    def start_of(self, span: range) -> int:
        """Return where these words begin, with the brackets and quotes that they begin with."""
        at = self.words[span.start].start
        while at and self.shown[at - 1] in "([{“‘\"'«":
            at -= 1
        return at

    def end_of(self, span: range) -> int:
        """Return where these words end, with the signs behind them."""
        at = self.words[span.stop - 1].end
        last = span.stop == len(self.words)
        until = len(self.shown) if last else self.words[span.stop].start
        while at < until and not self.shown[at].isspace():
            at += 1
        return at


def read_comparable(text: str) -> ComparedText:
    """Read a text, Markdown with formulas and HTML or plain, as words in order."""
    source = text[:_LONGEST_TEXT]
    joined = join_lines(source, raw=True)
    placed = read_placed_atoms(joined)
    lines = _lines_of(source, joined)
    shown: list[str] = []
    size = 0
    words: list[ComparedWord] = []
    first_of: list[int] = []  # by atom: the number of the first word that is not before it
    for place, atom in placed:
        first_of.append(len(words))
        seen = " " if atom.is_room else _ROOM.sub(" ", _UNSEEN.sub("", atom.text))
        as_written = joined.startswith(atom.text, place)
        for found in _WORD.finditer(seen):
            written = _plain(found[0])
            start, end = size + found.start(), size + found.end()
            # Code has many lines; a formula that is rewritten counts as where it begins.
            line = lines[place + found.start() * as_written]
            words.append(ComparedWord(written, stem_word(written), start, end, line))
        shown.append(seen)
        size += len(seen)
    first_of.append(len(words))
    spans = read_sentences([atom for _, atom in placed])
    sentences = [range(first_of[span.start], first_of[span.stop]) for span in spans]
    return ComparedText("".join(shown), tuple(words), tuple(s for s in sentences if s))


def _lines_of(source: str, joined: str) -> Sequence[int]:
    """Return the line of the source that each sign of it is from, when its lines are joined.

    Joining changes nothing but the room between words.
    """
    in_source = [
        number
        for number, line in enumerate(source.split("\n"))
        for sign in line
        if not sign.isspace()
    ]
    in_source.append(in_source[-1] if in_source else 0)
    lines = []
    at = 0
    for sign in joined:
        lines.append(in_source[at])
        at += not sign.isspace()
    return lines


def _plain(word: str) -> str:
    """Return a word without case, in the signs that a keyboard has; a Greek letter by its name."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKC", word).casefold()
    greek = _GREEK.fullmatch(unicodedata.name(plain, "")) if len(plain) == 1 else None
    return greek[1].lower().replace("lamda", "lambda") if greek else plain
