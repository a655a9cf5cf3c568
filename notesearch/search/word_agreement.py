"""Compare a sentence that somebody remembers with a text, word by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from itertools import groupby

from notesearch.search.comparable_words import ComparedText
from notesearch.search.question_words import STOP_WORDS
from notesearch.search.word_stems import stem_word

# A stretch that is compared has so many words for each of the sentence's: some may be missing from
# this, others may be too many.
_LENGTHS = (0.6, 0.8, 1.0, 1.25, 1.5, 2.0)
_ALIKE = 0.95
# Words that every sentence has say little of which one it is.
_STOP_STEMS = frozenset(map(stem_word, STOP_WORDS))
_STOP_WEIGHT = 0.25
# Words that are shown beside a stretch, at most, where its sentence is a long one.
_MOST_AROUND = 30


class PieceKind(Enum):
    """How words of a note and of a remembered sentence go together."""

    SAME = "same"  # both say them, at this place or at another
    MISSING = "missing"  # the note says them, and they were not remembered
    OTHER = "other"  # they were remembered, and the note does not say them
    AROUND = "around"  # they stand in the same sentence of the note, beside what was remembered


@dataclass(frozen=True, slots=True)
class QuotePiece:
    """Words of one kind; all but the others, joined, are the sentence of the note."""

    text: str
    kind: PieceKind


@dataclass(frozen=True, slots=True)
class Stretch:
    """The words of a text that agree most with a sentence."""

    span: range
    agreement: float  # from 0 to 1


def find_exactly(text: ComparedText, sentence: ComparedText) -> range | None:
    """Return where a text says all words of a sentence side by side."""
    sought = f" {' '.join(sentence.written)} "
    words = f" {' '.join(text.written)} "
    at = words.find(sought)
    if at < 0:
        return None
    start = words.count(" ", 0, at)
    return range(start, start + len(sentence.words))


def weigh_common(one: Sequence[str], other: Sequence[str]) -> float:
    """Count the words, given by their stems, that two texts have in common, in any order.

    Those such as "the" and "of" count less than others.
    """
    return _weight_of((Counter(one) & Counter(other)).elements())


def find_nearly(text: ComparedText, sentence: ComparedText) -> Stretch | None:
    """Find the stretch of a text that agrees most with a sentence; None where no word is common.

    Of those that agree about as much, that which has most of the sentence.
    """
    words, sought = text.stems, sentence.stems
    spans = {_trimmed(span, words, Counter(sought)) for span in _best_spans(words, sought)}
    stretches = [
        Stretch(span, agreement_of(words[span.start : span.stop], sought))
        for span in sorted(spans, key=lambda span: (span.start, span.stop))
    ]
    most = max((stretch.agreement for stretch in stretches), default=0.0)

    def worth(stretch: Stretch) -> tuple[float, float]:
        said = words[stretch.span.start : stretch.span.stop]
        return weigh_common(said, sought), stretch.agreement

    alike = [stretch for stretch in stretches if stretch.agreement >= _ALIKE * most]
    return max(alike, key=worth, default=None)


def agreement_of(one: Sequence[str], other: Sequence[str]) -> float:
    """Measure how far words agree: the mean of the shares that are common, and so in one order."""
    total = _weight_of(one) + _weight_of(other)
    if not total:
        return 0.0
    common = weigh_common(one, other)
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    in_order = sum(_weight_of(one[block.a : block.a + block.size]) for block in blocks)
    return (common + in_order) / total


def _weight_of(words: Iterable[str]) -> float:
    return sum(_STOP_WEIGHT if word in _STOP_STEMS else 1.0 for word in words)


def _best_spans(words: Sequence[str], sought: Sequence[str]) -> Iterator[range]:
    """Yield of each length the stretch that has most of the sought words, in any order."""
    for length in sorted({min(max(round(len(sought) * f), 1), len(words)) for f in _LENGTHS}):
        left = Counter(sought)  # what the stretch does not have yet; below 0 it has too many
        common = best = 0
        best_end = length
        for end, word in enumerate(words, start=1):
            if word in left:
                common += left[word] > 0
                left[word] -= 1
            if end > length and (gone := words[end - length - 1]) in left:
                left[gone] += 1
                common -= left[gone] > 0
            if common > best:
                best, best_end = common, end
        if best:
            yield range(max(best_end - length, 0), best_end)


def _trimmed(span: range, words: Sequence[str], sought: Counter[str]) -> range:
    """Return a stretch without the words at its ends that are not sought, or not once more."""
    start, stop = span.start, span.stop
    has = Counter(words[start:stop])
    while start < stop and has[words[start]] > sought[words[start]]:
        has[words[start]] -= 1
        start += 1
    while stop > start and has[words[stop - 1]] > sought[words[stop - 1]]:
        has[words[stop - 1]] -= 1
        stop -= 1
    return range(start, stop)


# ---------------------------------------------------------------- what differs


def widen(text: ComparedText, span: range) -> range:
    """Return a stretch with the rest of its sentences, as far as that is shown."""
    start = next(s.start for s in text.sentences if span.start in s)
    stop = next(s.stop for s in text.sentences if span.stop - 1 in s)
    return range(max(start, span.start - _MOST_AROUND), min(stop, span.stop + _MOST_AROUND))


def mark_differences(
    text: ComparedText, span: range, shown: range, sentence: ComparedText
) -> tuple[QuotePiece, ...]:
    """Say of the words that are `shown` how those of `span` agree with a sentence."""
    kinds = dict.fromkeys(shown, PieceKind.AROUND) | dict.fromkeys(span, PieceKind.SAME)
    others: dict[int, Sequence[int]] = {}  # before which word of the text: words of the sentence
    theirs = text.stems[span.start : span.stop]
    steps = SequenceMatcher(None, sentence.stems, theirs, autojunk=False).get_opcodes()
    for step, first, last, start, stop in steps:
        if step != "equal":
            missing = range(span.start + start, span.start + stop)
            kinds |= dict.fromkeys(missing, PieceKind.MISSING)
            others[missing.start] = range(first, last)
    # A word that stands at another place is no other word.
    missing_at = [at for at in span if kinds[at] is PieceKind.MISSING]
    moved = Counter(text.words[at].stem for at in missing_at) & Counter(
        sentence.words[at].stem for words in others.values() for at in words
    )
    kinds |= dict.fromkeys(_take_out(missing_at, text, moved.copy()), PieceKind.SAME)
    for before, words in others.items():
        moved_here = {*_take_out(words, sentence, moved)}
        others[before] = [at for at in words if at not in moved_here]
    said = {before: _said(sentence, words) for before, words in others.items() if words}
    return tuple(_pieces(text, shown, kinds, said))


def _take_out(places: Sequence[int], text: ComparedText, left: Counter[str]) -> Iterator[int]:
    """Yield the places whose words are among those left, and take each out of these."""
    for at in places:
        if left[text.words[at].stem] > 0:
            left[text.words[at].stem] -= 1
            yield at


def _said(sentence: ComparedText, places: Sequence[int]) -> str:
    words = (sentence.words[at] for at in places)
    return " ".join(sentence.shown[word.start : word.end] for word in words)


def _pieces(
    text: ComparedText, shown: range, kinds: Mapping[int, PieceKind], others: Mapping[int, str]
) -> Iterator[QuotePiece]:
    """Yield the words that are shown as pieces, with the others where they would stand."""
    parts = _parts(text, shown, kinds, others)
    for kind, same in groupby(parts, key=lambda part: part.kind):
        if joined := "".join(part.text for part in same):
            yield QuotePiece(joined, kind)


def _parts(
    text: ComparedText, shown: range, kinds: Mapping[int, PieceKind], others: Mapping[int, str]
) -> Iterator[QuotePiece]:
    """Yield each word by itself, what is between two, and the others."""
    end, before = text.start_of(shown), kinds[shown.start]
    for at in shown:
        word, kind = text.words[at], kinds[at]
        between = kind if kind is before and at not in others else _between(before, kind)
        yield QuotePiece(text.shown[end : word.start], between)
        if at in others:
            yield QuotePiece(others[at], PieceKind.OTHER)
        yield QuotePiece(text.shown[word.start : word.end], kind)
        end, before = word.end, kind
    if shown.stop in others:
        yield QuotePiece(others[shown.stop], PieceKind.OTHER)
    yield QuotePiece(text.shown[end : text.end_of(shown)], _between(before, before))


def _between(one: PieceKind, other: PieceKind) -> PieceKind:
    """Return the kind of the signs between two words: they are no difference."""
    return PieceKind.AROUND if PieceKind.AROUND in (one, other) else PieceKind.SAME
