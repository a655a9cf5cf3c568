"""Cut the part of a passage that is worth showing, with the words of the question marked.

Those sentences are kept that have most of the words, and those that are nearest in meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from notesearch.search.passage_lines import join_lines, without_heading
from notesearch.search.question_words import STOP_WORDS, read_words
from notesearch.search.readable_text import (
    CELL_BORDER,
    Atom,
    name_callouts,
    separate_cells,
)
from notesearch.search.sentences import read_atoms, read_sentences
from notesearch.search.word_stems import stem_word

# Gives for each of some sentences how near it is to the question in meaning: more is nearer.
Nearness = Callable[[Sequence[str]], Sequence[float]]

_ITEM_MARK = re.compile(r"[-*+]|\d+[.)]")
_WORD = re.compile(r"[^\W_]+")
# What a look for the end of a formula or a code span may cost: longer texts are seen in part.
_LONGEST_TEXT = 20_000

# A sentence is worth the share of the question's words that it has, from 0 to 1, and how near it
# is in meaning, from 0 for the farthest of its passage to 1 for the nearest. Of 400 questions on
# notes, the sentence with the answer is shown for 71 %; by the words alone, for 65 %. More is added
# for prose, ...
_PROSE = 0.2
# ... which has so many letters: a label such as "- Results:" is none, ...
_PROSE_LETTERS = 20
# ... and for what stands beside a sentence that is shown: a text with few gaps reads well.
_BESIDE = 0.2
# What the sentences of an answer may cost a model, in characters: those of three passages or so.
_MOST_CHARS = 4000
# Beginning a sentence takes as long as so many characters of it.
_BEGINNING_CHARS = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is marked or not; marked is a word of the query."""

    text: str
    marked: bool = False


# Stands where something is left out; all pieces but the gaps, joined, are stretches of the text,
# with a space for a line end inside a paragraph.
GAP = Piece(" … ")


def mark_words(text: str, question: str, *, raw: bool = False) -> tuple[Piece, ...]:
    """Return a whole text as a reader sees it, with the words of a question marked.

    With `raw`, as its note has it.
    """
    stems = _read_stems(question)
    atoms = _read_in_part(text, raw=raw)
    return _merged(piece for atom in atoms for piece in _mark(atom, stems))


def cut_snippets(
    texts: Sequence[str],
    question: str,
    *,
    max_chars: int,
    nearness: Nearness | None = None,
    raw: bool = False,
) -> list[tuple[Piece, ...]]:
    """Choose of each text the sentences that answer a question, and mark its words.

    `nearness` is asked once at most, about sentences of the first texts alone: the others are cut
    by their words. A text that fits is given whole; a formula, a code span or a link is never cut.
    The sentences are as a reader sees them; with `raw`, as the notes have them.
    """
    stems = _read_stems(question)
    drafts = [_read_draft(text, stems, raw=raw) for text in texts]
    near = _ask([draft for draft in drafts if draft.size > max_chars], nearness)
    return [_cut(draft, stems, max_chars, near) for draft in drafts]


def _read_stems(question: str) -> frozenset[str]:
    words = read_words(question)
    return frozenset(map(stem_word, [word for word in words if word not in STOP_WORDS] or words))


def _read_in_part(text: str, *, raw: bool, joined: bool = False) -> list[Atom]:
    """Return the atoms of a text; what is over the limit is one, and no word of it is read."""
    body = text[:_LONGEST_TEXT]
    if not raw:
        body = separate_cells(name_callouts(body))
    atoms = read_atoms(join_lines(body, raw=raw) if joined else body, raw=raw)
    if rest := text[_LONGEST_TEXT:]:
        atoms.append(Atom(rest, read_chars=0, is_room=rest.isspace()))
    return atoms


def _mark(atom: Atom, stems: frozenset[str]) -> Iterator[Piece]:
    """Take an atom apart where words of the question stand."""
    done = 0
    for word in _WORD.finditer(atom.text, 0, atom.read_chars):
        if stem_word(word[0]) in stems:
            if word.start() > done:
                yield Piece(atom.text[done : word.start()])
            yield Piece(word[0], marked=True)
            done = word.end()
    if done < len(atom.text):
        yield Piece(atom.text[done:])


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A stretch of atoms, and what decides whether it is shown."""

    span: range
    size: int  # characters
    words: frozenset[str]  # the stems of the question's words in it
    prose: str  # without formulas and addresses; "" where that is too little to mean anything


@dataclass(frozen=True, slots=True)
class _Draft:
    """A text that is about to be cut."""

    atoms: Sequence[Atom]
    sentences: Sequence[_Sentence]
    size: int  # characters


def _read_draft(text: str, stems: frozenset[str], *, raw: bool) -> _Draft:
    body = without_heading(text)
    atoms = _read_in_part(body, raw=raw, joined=True)
    sentences = [_read_sentence(atoms, span, stems) for span in read_sentences(atoms)]
    return _Draft(atoms, sentences, _size(atoms))


def _read_sentence(atoms: Sequence[Atom], span: range, stems: frozenset[str]) -> _Sentence:
    inside = [atoms[at] for at in span]
    prose = " ".join("".join(atom.text[: atom.read_chars].lstrip("![") for atom in inside).split())
    has_enough = sum(map(str.isalpha, prose)) >= _PROSE_LETTERS
    return _Sentence(span, _size(inside), _stems_of(inside, stems), prose if has_enough else "")


def _size(atoms: Iterable[Atom]) -> int:
    return sum(len(atom.text) for atom in atoms)


def _stems_of(atoms: Iterable[Atom], stems: frozenset[str]) -> frozenset[str]:
    """Return which of the question's words stand in the atoms."""
    words = (
        stem_word(word) for atom in atoms for word in _WORD.findall(atom.text, 0, atom.read_chars)
    )
    return stems.intersection(words)


def _ask(drafts: Sequence[_Draft], nearness: Nearness | None) -> dict[str, float]:
    """Return how near the sentences of the first texts are to the question, by the sentence."""
    asked: list[str] = []
    room = _MOST_CHARS
    for draft in drafts:
        prose = [sentence.prose for sentence in draft.sentences if sentence.prose]
        cost = sum(len(text) + _BEGINNING_CHARS for text in prose)
        if cost <= room:  # all of a text or none: its sentences are compared with each other
            asked += prose
            room -= cost
    if nearness is None or not asked:
        return {}
    return dict(zip(asked, nearness(asked), strict=True))


def _cut(
    draft: _Draft, stems: frozenset[str], max_chars: int, near: Mapping[str, float]
) -> tuple[Piece, ...]:
    whole = range(len(draft.atoms))
    if draft.size <= max_chars:
        return _join(draft, [whole], stems)
    room = max_chars - 2 * len(GAP.text)
    return _join(draft, _choose(draft, _worths(draft.sentences, stems, near), stems, room), stems)


def _worths(
    sentences: Sequence[_Sentence], stems: frozenset[str], near: Mapping[str, float]
) -> list[float]:
    known = [near[sentence.prose] for sentence in sentences if sentence.prose in near]
    least = min(known, default=0.0)
    # Of the passage, and not the cosine as it is: models differ in how far these lie apart.
    span = max(known, default=0.0) - least or 1.0
    return [
        len(sentence.words) / max(len(stems), 1)
        + (_PROSE if sentence.prose else 0.0)
        + (near.get(sentence.prose, least) - least) / span
        for sentence in sentences
    ]


def _choose(
    draft: _Draft, worths: Sequence[float], stems: frozenset[str], room: int
) -> list[range]:
    """Return the spans of the sentences that are worth most and fit, in order.

    What follows a chosen one comes before its equals. One without prose and without a word of
    the question is shown where it leads to another.
    """
    sentences = draft.sentences
    telling = [bool(sentence.prose or sentence.words) for sentence in sentences]
    if not any(telling):
        telling = [True] * len(sentences)
    chosen: set[int] = set()
    queue = [(-worth, False, at) for at, worth in enumerate(worths) if telling[at]]
    heapify(queue)
    while queue:
        _, _, at = heappop(queue)
        size = sentences[at].size + (len(GAP.text) if chosen else 0)
        if at not in chosen and size <= room:
            chosen.add(at)
            room -= size
            for beside in (at - 1, at + 1):
                if 0 <= beside < len(sentences) and (telling[beside] or beside < at):
                    heappush(queue, (-worths[beside] - _BESIDE, beside < at, beside))
        elif not chosen:
            return [_cut_sentence(draft.atoms, sentences[at].span, stems, room)]
    return [sentences[at].span for at in sorted(chosen)]


def _cut_sentence(
    atoms: Sequence[Atom], sentence: range, stems: frozenset[str], room: int
) -> range:
    """Return the stretch of a sentence that fits and has most of the words; the first of equals."""
    best, most = range(sentence.start, sentence.start), -1
    end, size = sentence.start, 0
    for start in sentence:
        while end < sentence.stop and size + len(atoms[end].text) <= room:
            size += len(atoms[end].text)
            end += 1
        words = len(_stems_of(atoms[start:end], stems))
        if end > start and words > most:
            best, most = range(start, end), words
        if end > start:
            size -= len(atoms[start].text)
        else:
            end, size = start + 1, 0  # this atom alone is too large
    return best


def _join(draft: _Draft, spans: Sequence[range], stems: frozenset[str]) -> tuple[Piece, ...]:
    """Put the chosen stretches in order, with a gap where something is left out between."""
    atoms = draft.atoms
    pieces: list[Piece] = []
    done = 0
    for span in spans:
        inside = _trimmed(atoms, span)
        between = atoms[done : inside.start]
        if any(not atom.is_room for atom in between):
            pieces += _gap(atoms, done, inside.start)
        elif done:
            pieces.extend(Piece(atom.text) for atom in between)
        pieces.extend(piece for at in inside for piece in _mark(atoms[at], stems))
        done = inside.stop
    if any(not atom.is_room for atom in atoms[done:]):
        pieces += _gap(atoms, done, len(atoms))
    return _merged(pieces)


def _gap(atoms: Sequence[Atom], start: int, stop: int) -> list[Piece]:
    """Return a gap for the atoms that are left out; beside a row, on a line of its own.

    An item of a list behind it begins a line, but for the first of what is shown.
    """
    after_row = start > 0 and _in_row(atoms, start - 1)
    begins_line = stop < len(atoms) and (
        _in_row(atoms, stop) or (start > 0 and _ITEM_MARK.fullmatch(atoms[stop].text) is not None)
    )
    line_end = [Piece("\n")]
    return [*line_end * after_row, GAP, *line_end * begins_line]


def _in_row(atoms: Sequence[Atom], at: int) -> bool:
    """Return whether an atom stands in a row of cells."""
    for step in (1, -1):
        near = at
        while 0 <= near < len(atoms) and not (atoms[near].is_room and "\n" in atoms[near].text):
            if atoms[near].text.strip() in (CELL_BORDER, "|"):
                return True
            near += step
    return False


def _trimmed(atoms: Sequence[Atom], span: range) -> range:
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
