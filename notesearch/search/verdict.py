"""Judge whether anything that was found answers the question.

Whatever is asked, some passage is nearest. How near that is without meaning anything depends on
the model, the notes and their number: so an update asks about everyday matters, and the index
keeps how near it came. Beside that it counts whether the notes say the question's words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from notesearch.search.lexical import LexicalScores

# Of many fields that people keep no research notes on, and two of no meaning at all.
UNRELATED = (
    "how long to boil eggs",
    "football world cup final score",
    "cheap hotel near the beach",
    "how to remove a coffee stain from a shirt",
    "birthday present for my grandmother",
    "best shoes for running in the rain",
    "when to prune apple trees",
    "opening hours of the swimming pool",
    "lyrics of a christmas song",
    "how to renew a driving licence",
    "my cat does not eat its food",
    "recipe for pancakes with maple syrup",
    "weather on the coast this weekend",
    "how to paint a wooden door",
    "qwpo zmxn ruty",
    "flim blorbing the snarkle",
)
# The log odds that there is an answer: fitted to 400 questions that the notes of wild answer and 60
# on topics that they do not hold, with two models. 2 % of the former fall below, 75 to 85 % of the
# latter; by their cosine alone, 48 to 62 %.
_NEARNESS = 0.7  # for each standard deviation of the best cosine above the mean of UNRELATED
_EVIDENCE = 7.7  # for the words, as far as they count in the mix
_EVIDENCE_UNKNOWN = 0.6  # where words are not looked at: then a deviation of 1 is an answer
_UNSEEN = 7.9  # against it: words that no note has, as their share of the question by rarity
_DOUBT = 5.3
_LEAST_SPREAD = 0.02  # a third of what real models have: few notes may be equally near to all


def relevance(cosine: float, probes: Sequence[float], words: LexicalScores | None) -> float | None:
    """Return how likely it is that something found answers the question, from 0 to 1.

    `cosine` is that of the nearest passage, and `probes` are those of the passage nearest to each
    of `UNRELATED`, as an update leaves them. None where there are too few of these to say.
    A passage that says every word of the question is an answer.
    """
    if len(probes) < 2:
        return None
    if words is None:
        evidence, unseen = _EVIDENCE_UNKNOWN, 0.0
    elif words.covers_all:
        return 1.0
    else:
        evidence, unseen = words.evidence, words.unseen
    spread = max(float(np.std(probes, ddof=1)), _LEAST_SPREAD)
    nearness = (cosine - float(np.mean(probes))) / spread
    odds = _NEARNESS * nearness + _EVIDENCE * evidence - _UNSEEN * unseen - _DOUBT
    return 0.5 + 0.5 * math.tanh(0.5 * odds)
