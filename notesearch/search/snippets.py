"""Cut the part of a passage that is worth showing, with the words of the question marked.

A text is seen as atoms: words, the room between them, and what must stay whole: formulas, code
spans, links. Atoms make sentences, and those with most of the words are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from notesearch.search.question_words import STOP_WORDS, read_words

# Each alternative closes, or does not match: a lone sign is a word like any other.
_ATOM = re.compile(
    r"""(?P<whole>(?P<ticks>`+)(?!`)[^`].*?(?<!`)(?P=ticks)(?!`)
        | \$\$.+?\$\$ | \$(?![\s$])(?:[^$\n\\]|\\.)*?(?<!\s)\$(?!\d)
        | \\\(.+?\\\) | \\\[.+?\\\] | \\begin\{(?P<env>\w+\*?)\}.+?\\end\{(?P=env)\}
        | <https?://[^>\s]+> | https?://[^\s<>)\]]+)
    | (?P<link>!?\[\[[^\[\]\n]+\]\]
        | !?\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\]\((?:[^()\n]|\([^()\n]*\))*\))
    | (?P<room>\s+)
    | (?P<word>(?:(?!https?://)[^\s`$\\\[<!])+|.)""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]*_]*\Z")
_ABBREVIATION = re.compile(
    r"(?:\A|\W)(?:e\.g|i\.e|cf|vs|al|figs?|eqs?|sec|resp|\w)\.\Z", re.IGNORECASE
)
_LINE_OPENER = re.compile(r"(?:[-*+>|]|#{1,6}|\d{1,3}[.)])\Z")
# What a look for the end of a formula or a code span may cost: longer texts are seen in part.
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is marked or not; marked is a word of the query."""

    text: str
    marked: bool = False


# Stands where something is left out; all pieces but the gaps, joined, are stretches of the text.
GAP = Piece(" … ")


@dataclass(frozen=True, slots=True)
class _Atom:
    """What is shown whole or not at all."""

    pieces: tuple[Piece, ...]
    size: int  # characters
    stems: frozenset[str] = frozenset()  # of the query's words in it
    is_room: bool = False
    text: str = ""


def cut_snippet(
    text: str, query: str, *, max_chars: int, weights: dict[str, float] | None = None
) -> tuple[Piece, ...]:
    """Choose the sentences of a text with most of the query's words, and mark these.

    `weights` says what a word is worth, by the word; 1 where it says nothing. Whatever fits is
    given whole; a formula, a code span or a link is never cut.
    """
    stems = _query_stems(query, weights or {})
    atoms = list(_read_atoms(text[:_LONGEST_TEXT], stems))
    is_cut = len(text) > _LONGEST_TEXT
    if sum(atom.size for atom in atoms) <= max_chars and not is_cut:
        return _join(atoms, [range(len(atoms))], is_cut=False)
    spans = _choose(atoms, _read_sentences(atoms), stems, max_chars - 2 * len(GAP.text))
    return _join(atoms, spans, is_cut=is_cut)


def _query_stems(query: str, weights: dict[str, float]) -> dict[str, float]:
    words = read_words(query)
    telling = [word for word in words if word not in STOP_WORDS] or words
    return {stem_word(word): weights.get(word, 1.0) for word in telling}


def _read_atoms(text: str, stems: dict[str, float]) -> Iterator[_Atom]:
    for match in _ATOM.finditer(text):
        atom = match[0]
        if match["room"]:
            yield _Atom((Piece(atom),), len(atom), is_room=True, text=atom)
        elif match["whole"]:
            yield _Atom((Piece(atom),), len(atom), _stems_in(atom, stems), text=atom)
        else:
            # The target of a link is no text: nothing is marked there.
            shown = atom.rfind("](") if match["link"] else -1
            head, tail = (atom, "") if shown < 0 else (atom[:shown], atom[shown:])
            pieces = (*_mark(head, stems), *((Piece(tail),) if tail else ()))
            yield _Atom(pieces, len(atom), _stems_in(head, stems), text=atom)


def _stems_in(text: str, stems: dict[str, float]) -> frozenset[str]:
    found = (stem_word(word) for word in _WORD.findall(text))
    return frozenset(stem for stem in found if stem in stems)


def _mark(text: str, stems: dict[str, float]) -> Iterator[Piece]:
    """Take a text apart where words of the query stand."""
    done = 0
    for word in _WORD.finditer(text):
        if stem_word(word[0]) in stems:
            if word.start() > done:
                yield Piece(text[done : word.start()])
            yield Piece(word[0], marked=True)
            done = word.end()
    if done < len(text):
        yield Piece(text[done:])


def _read_sentences(atoms: Sequence[_Atom]) -> list[range]:
    """Return the sentences as ranges of atoms, which tile them; lines of a list stand alone."""
    sentences: list[range] = []
    start = 0
    for at, atom in enumerate(atoms):
        if atom.is_room and at > start and _ends_here(atoms, at):
            sentences.append(range(start, at + 1))
            start = at + 1
    if start < len(atoms):
        sentences.append(range(start, len(atoms)))
    return sentences


def _ends_here(atoms: Sequence[_Atom], at: int) -> bool:
    before = atoms[at - 1].text
    after = atoms[at + 1].text if at + 1 < len(atoms) else ""
    lines = atoms[at].text.count("\n")
    if lines > 1 or (lines and _LINE_OPENER.match(after)):
        return True
    if not _SENTENCE_END.search(before) or _ABBREVIATION.search(before):
        return False
    return not after[:1].islower()


def _choose(
    atoms: Sequence[_Atom], sentences: Sequence[range], stems: dict[str, float], room: int
) -> list[range]:
    """Choose ranges of atoms that fit: the best sentence, those with other words, what follows."""
    found = [_stems_of(atoms, sentence) for sentence in sentences]
    order = sorted(range(len(sentences)), key=lambda at: (-_worth(found[at], stems), at))
    telling = [at for at in order if found[at]]
    chosen: list[int] = []
    covered: frozenset[str] = frozenset()
    for place, at in enumerate([*telling, *_neighbours(order[:1], len(sentences))]):
        adds = place >= len(telling) or not found[at] <= covered
        size = _size(atoms, sentences[at]) + (len(GAP.text) if chosen else 0)
        if at not in chosen and adds and size <= room:
            chosen.append(at)
            covered |= found[at]
            room -= size
        elif not chosen:
            return [_cut_sentence(atoms, sentences[at], stems, room)]
    return [sentences[at] for at in sorted(chosen)]


def _neighbours(best: Sequence[int], count: int) -> list[int]:
    """Return the places after the best one, nearest first, then those before it."""
    return [at for first in best for at in (*range(first, count), *range(first - 1, -1, -1))]


def _stems_of(atoms: Sequence[_Atom], span: Iterable[int]) -> frozenset[str]:
    return frozenset[str]().union(*(atoms[at].stems for at in span))


def _worth(found: Iterable[str], stems: dict[str, float]) -> float:
    return sum(stems[stem] for stem in found)


def _size(atoms: Sequence[_Atom], span: Iterable[int]) -> int:
    return sum(atoms[at].size for at in span)


def _cut_sentence(
    atoms: Sequence[_Atom], sentence: range, stems: dict[str, float], room: int
) -> range:
    """Return the stretch of a sentence that fits and has most of the words; the first of equals."""
    best, best_worth = range(sentence.start, sentence.start), -1.0
    end, size = sentence.start, 0
    for start in sentence:
        while end < sentence.stop and size + atoms[end].size <= room:
            size += atoms[end].size
            end += 1
        worth = _worth(_stems_of(atoms, range(start, end)), stems)
        if end > start and worth > best_worth:
            best, best_worth = range(start, end), worth
        if end > start:
            size -= atoms[start].size
        else:
            end, size = start + 1, 0  # this atom alone is too large
    return best


def _join(atoms: Sequence[_Atom], spans: Sequence[range], *, is_cut: bool) -> tuple[Piece, ...]:
    """Put the chosen stretches in order, with a gap where something is left out between."""
    pieces: list[Piece] = []
    done = 0
    for span in spans:
        inside = _trimmed(atoms, span)
        if any(not atom.is_room for atom in atoms[done : inside.start]):
            pieces.append(GAP)
        elif done:
            pieces.extend(piece for atom in atoms[done : inside.start] for piece in atom.pieces)
        pieces.extend(piece for at in inside for piece in atoms[at].pieces)
        done = inside.stop
    if is_cut or any(not atom.is_room for atom in atoms[done:]):
        pieces.append(GAP)
    return _merged(pieces)


def _trimmed(atoms: Sequence[_Atom], span: range) -> range:
    start, stop = span.start, span.stop
    while start < stop and atoms[start].is_room:
        start += 1
    while stop > start and atoms[stop - 1].is_room:
        stop -= 1
    return range(start, stop)


def _merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Join plain neighbours."""
    merged: list[Piece] = []
    for piece in pieces:
        is_plain = piece is not GAP and not piece.marked
        if merged and is_plain and merged[-1] is not GAP and not merged[-1].marked:
            merged[-1] = Piece(merged[-1].text + piece.text)
        else:
            merged.append(piece)
    return tuple(merged)


# ---------------------------------------------------------------- stems
# Enough to mark what the stemmer of the full-text table has matched.

_WRITTEN_SUFFIXES = """
    s es ies ed ing er ers ly al ally ation ations ational ization izations ized izing ize izes
    isation isations ised ising ise ises ator ators ative ive ives ion ions or ors ment ments
    ness able ible ability ibility ful y i e
"""
# Longest first, so that "ations" goes before "s".
_SUFFIXES = tuple(sorted(_WRITTEN_SUFFIXES.split(), key=len, reverse=True))
# What is left of a word must still be a word of its own.
_SHORTEST = 3


@lru_cache(maxsize=8192)
def stem_word(word: str) -> str:
    """Return the part of a word that its forms share: "optimisation" and "optimized" are one."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    stem = "".join(char for char in plain if not unicodedata.combining(char))
    stem = stem.removesuffix("s") if len(stem) > 3 and not stem.endswith("ss") else stem
    changed = True
    while changed:
        changed = False
        for suffix in _SUFFIXES:
            if stem.endswith(suffix) and len(stem) - len(suffix) >= _SHORTEST:
                stem = stem.removesuffix(suffix)
                changed = True
                break
    # "planning" and "plan", "robotics" and "robotic".
    if len(stem) > 4 and stem[-1] == stem[-2] and stem[-1] not in "sl":
        stem = stem[:-1]
    return stem
