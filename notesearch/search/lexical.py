"""Terms in, passages by BM25 out, at the price of the rare words.

FTS5 scores every passage that holds any of the words, at 1 µs each, and a common word is in a
quarter of all passages. A passage with none of the rarer words is hardly ever among the best: so
the rarer words find the passages, and the common ones add to the score of those found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index import Snapshot
from notesearch.index.records import ColumnWeights, Matches
from notesearch.search.terms import any_of

# Passages whose score is worked out, about 1 ms a thousand.
SCORED = 6_000
# Postings of common words that are gone through to add to the scores: 1 ms a ten thousand, for
# each word is counted once more for its weight.
SCANNED = 60_000
# On wild, whole weights for the title: 1 gave 0.432, 2 gave 0.444 nDCG@10.
WEIGHTS = ColumnWeights(title=2.0)
_NO_MATCHES = Matches(np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which words find passages, and which only add to their score."""

    finding: tuple[str, ...]
    adding: tuple[str, ...]


def find_matches(
    snapshot: Snapshot, terms: Sequence[str], k: int, allowed_ids: NDArray[np.int64] | None
) -> Matches:
    """Find the k allowed passages of greatest BM25, best first."""
    plan = _plan(snapshot, terms, allowed_ids)
    if not plan.finding:
        return _NO_MATCHES
    finding = any_of(plan.finding)
    found = snapshot.matches(finding, k, allowed_ids, WEIGHTS)
    if not plan.adding:
        return found
    both = f"({finding}) AND ({any_of(plan.adding)})"
    return _merge(found, snapshot.matches(both, k, allowed_ids, WEIGHTS), k)


def _plan(snapshot: Snapshot, terms: Sequence[str], allowed_ids: NDArray[np.int64] | None) -> _Plan:
    """Take words from the rarest on as long as what they cost is within bounds."""
    limit = SCANNED + 1
    counts = {term: snapshot.count_matches(term, limit) for term in terms}
    known = sorted((term for term in terms if counts[term]), key=lambda term: counts[term])
    share = 1.0 if allowed_ids is None else len(allowed_ids) / max(1, snapshot.state.passages)
    finding: list[str] = []
    adding: list[str] = []
    scored = scanned = 0.0
    for term in known:
        scored += counts[term] * share
        scanned += counts[term]
        if not finding or (scored <= SCORED and not adding):
            finding.append(term)
        elif scanned <= SCANNED:
            adding.append(term)
    return _Plan(tuple(finding), tuple(adding))


def _merge(found: Matches, better: Matches, k: int) -> Matches:
    """Put the fuller score in the place of the score by the rarer words alone."""
    rest = ~np.isin(found.ids, better.ids)
    ids = np.concatenate([better.ids, found.ids[rest]])
    scores = np.concatenate([better.scores, found.scores[rest]])
    order = np.lexsort((ids, -scores))[:k]
    return Matches(ids[order], scores[order])
