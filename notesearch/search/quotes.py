"""Find the passages that say a sentence somebody half remembers.

Those that say it word for word come first, then those that say it nearly, and at last those that
mean it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import Asked, Snapshot, StoredPassage
from notesearch.query.filters import Filter
from notesearch.records import Hit
from notesearch.search.answer import Answer
from notesearch.search.candidates import NO_IDS, common_ids, join_ids
from notesearch.search.comparable_words import ComparedText, read_comparable
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import gather, make_hits
from notesearch.search.lexical import LexicalRanker
from notesearch.search.question_words import read_wording, read_words
from notesearch.search.snippets import Nearness
from notesearch.search.word_agreement import (
    QuotePiece,
    Stretch,
    agreement_of,
    find_exactly,
    find_nearly,
    mark_differences,
    weigh_common,
    widen,
)

MOST_WORDS = 200  # of a quote: about as many as a passage has
_MOST_CHARS = 20 * MOST_WORDS
# Passages that are read: those with the words of the quote, and with all of them side by side.
_CANDIDATES = 100
_WITH_PHRASE = 200
# Passages whose words are put in line, those with most of the words.
_ALIGNED = 30
# What agrees less was written about something else, ...
_LEAST_AGREEMENT = 0.4
# ... and so was what agrees by less than this share of the passage that agrees most.
_LEAST_SHARE = 2 / 3
# Three words come together by chance as well: with fewer than so many, it has to agree more.
_ENOUGH_WORDS = 4
_FEW_WORDS_AGREEMENT = 0.6
# What agrees so far says the sentence: nothing is looked for by meaning.
_SAYS_IT = 0.75


class FoundBy(Enum):
    """How a passage was found to say a quote."""

    EXACT = "exact"  # it has all the words side by side
    NEAR = "near"  # words differ, or their order
    MEANING = "meaning"  # it says the same in other words


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage that says what somebody remembers, and the sentence that says it."""

    hit: Hit
    found: FoundBy
    agreement: float  # of the words and their order, from 0 to 1
    sentence: str  # as a reader sees it, on one line; of a very long one the part that says it
    line_start: int  # in the file, of those words of it that agree
    line_end: int
    pieces: tuple[QuotePiece, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage that says a quote exactly or nearly."""

    stored: StoredPassage
    text: ComparedText
    stretch: Stretch
    found: FoundBy


def read_quote(text: str) -> ComparedText:
    """Read what somebody remembers; UsageError where it has no word, or too many."""
    quote = read_comparable(text)
    if not quote.words:
        raise UsageError("there is no word in the quote; give some that you remember")
    if len(quote.words) > MOST_WORDS or len(text) > _MOST_CHARS:
        raise UsageError(
            f"the quote is too long; give a sentence that you remember, {MOST_WORDS} words at most"
        )
    return quote


def find_by_words(
    snapshot: Snapshot,
    ranker: LexicalRanker,
    quote: ComparedText,
    searched: str,
    allowed_ids: NDArray[np.int64] | None,
    k: int,
) -> list[Quote]:
    """Find up to k passages that say a quote exactly, and then nearly, by how far they agree.

    `searched` is the quote as the notes are searched.
    """
    ids = _candidates(snapshot, ranker, searched, allowed_ids)
    found = list(_compare(snapshot.passages(ids.tolist()), quote))
    most = max((one.stretch.agreement for one in found), default=0.0)
    found = [one for one in found if one.stretch.agreement >= _LEAST_SHARE * most]
    quotes: list[Quote] = []
    for by in (FoundBy.EXACT, FoundBy.NEAR):
        group = [one for one in found if one.found is by]
        if group and len(quotes) < k:
            quotes += _choose(snapshot, group, quote, k - len(quotes))
    return rank(quotes)


def asked_of(ranker: LexicalRanker, searched: str, where: Filter | None) -> Asked:
    """Say what the search for a quote is going to ask."""
    words = tuple(read_words(searched))
    return Asked(
        depth=_CANDIDATES,
        words=ranker.words_asked(read_wording(searched)),
        where=where,
        runs=lambda: [words] if words else [],
    )


def _candidates(
    snapshot: Snapshot,
    ranker: LexicalRanker,
    searched: str,
    allowed_ids: NDArray[np.int64] | None,
) -> NDArray[np.int64]:
    words = read_words(searched)
    if not words:
        return NO_IDS
    whole = snapshot.passages_with_phrase(words)
    if allowed_ids is not None:
        whole = common_ids(whole, allowed_ids)
    matches = ranker.find_matches(snapshot, read_wording(searched), _CANDIDATES, allowed_ids)
    return join_ids(whole[:_WITH_PHRASE], matches.ids)


def _compare(passages: Sequence[StoredPassage], quote: ComparedText) -> Iterator[_Found]:
    """Yield the passages that say a quote exactly or nearly."""
    others = []
    for stored in passages:
        text = read_comparable(stored.passage.text)
        if stretch := _exactly(text, quote):
            yield _Found(stored, text, stretch, FoundBy.EXACT)
        else:
            others.append((weigh_common(text.stems, quote.stems), stored.id, stored, text))
    others.sort(key=lambda other: (-other[0], other[1]))
    for _, _, stored, text in others[:_ALIGNED]:
        if stretch := _nearly(text, quote):
            yield _Found(stored, text, stretch, FoundBy.NEAR)


def _compare_words(text: ComparedText, quote: ComparedText) -> tuple[FoundBy, Stretch] | None:
    if stretch := _exactly(text, quote):
        return FoundBy.EXACT, stretch
    stretch = _nearly(text, quote)
    return (FoundBy.NEAR, stretch) if stretch else None


def _exactly(text: ComparedText, quote: ComparedText) -> Stretch | None:
    span = find_exactly(text, quote)
    return Stretch(span, 1.0) if span else None


def _nearly(text: ComparedText, quote: ComparedText) -> Stretch | None:
    stretch = find_nearly(text, quote)
    if stretch is None:
        return None
    said = text.stems[stretch.span.start : stretch.span.stop]
    few = weigh_common(said, quote.stems) < _ENOUGH_WORDS
    least = _FEW_WORDS_AGREEMENT if few else _LEAST_AGREEMENT
    return stretch if stretch.agreement >= least else None


def _choose(
    snapshot: Snapshot, group: Sequence[_Found], quote: ComparedText, k: int
) -> Iterator[Quote]:
    """Yield the k passages that agree most, the same text of several notes once."""
    ranked = sorted(group, key=lambda one: (-one.stretch.agreement, one.stored.id))
    unknown = np.full(len(ranked), np.nan)
    ranking = Ranking(
        np.array([one.stored.id for one in ranked], np.int64),
        np.array([one.stretch.agreement for one in ranked]),
        unknown,
        unknown,
    )
    of = {one.stored.passage.id: one for one in ranked}
    hits = make_hits(gather(snapshot, ranking, len(ranked), None), ranking)
    # An index page may say a quote better than any note, and is gathered behind them all.
    for hit in sorted(hits, key=lambda hit: -hit.score)[:k]:
        one = of[hit.passage_id]
        yield _make_quote(hit, one.text, one.stretch, one.found, quote)


def says_it(found: Sequence[Quote]) -> bool:
    """Return whether one of the passages found by words says the quote."""
    return any(one.agreement >= _SAYS_IT for one in found)


def find_by_meaning(
    answer: Answer, nearness: Nearness | None, quote: ComparedText, known: Sequence[Quote], k: int
) -> Iterator[Quote]:
    """Yield the hits of an answer that are not known yet, each with its sentence that is nearest.

    Hits of which none is relevant are given where nothing else is known.
    """
    if answer.weak and known:
        return
    there = {one.hit.passage_id for one in known}
    hits = [hit for hit in answer.hits if hit.passage_id not in there][: k - len(known)]
    for hit in hits:
        text = read_comparable(hit.text)
        if text.words:
            found, stretch = _compare_words(text, quote) or (
                FoundBy.MEANING,
                _nearest_sentence(text, quote, nearness),
            )
            yield _make_quote(hit, text, stretch, found, quote)


def rank(quotes: Sequence[Quote]) -> list[Quote]:
    """Put those that are exact first, then those that are near, by how far they agree."""
    order = list(FoundBy)

    def place(one: Quote) -> tuple[int, float]:
        by_meaning = one.found is FoundBy.MEANING
        return order.index(one.found), 0.0 if by_meaning else -one.agreement

    ranked = enumerate(sorted(quotes, key=place), start=1)
    return [replace(one, hit=replace(one.hit, rank=number)) for number, one in ranked]


def _nearest_sentence(
    text: ComparedText, quote: ComparedText, nearness: Nearness | None
) -> Stretch:
    best = 0
    if nearness is not None and len(text.sentences) > 1:
        best = int(np.argmax(nearness([text.of(span) for span in text.sentences])))
    span = text.sentences[best]
    return Stretch(span, agreement_of(text.stems[span.start : span.stop], quote.stems))


def _make_quote(
    hit: Hit, text: ComparedText, stretch: Stretch, found: FoundBy, quote: ComparedText
) -> Quote:
    shown = widen(text, stretch.span)
    lines = [text.words[at].line for at in stretch.span]
    start, end = hit.line_start, hit.line_end
    # Where a text leaves out lines of its file, it cannot be told which one a word is from.
    if hit.text.count("\n") == end - start:
        start, end = start + min(lines), start + max(lines)
    return Quote(
        hit=hit,
        found=found,
        agreement=stretch.agreement,
        sentence=text.of(shown),
        line_start=start,
        line_end=end,
        pieces=mark_differences(text, stretch.span, shown, quote),
    )
