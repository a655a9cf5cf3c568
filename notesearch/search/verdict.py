"""Judge whether anything that was found answers the question.

Whatever is asked, some passage is nearest. How near that is without meaning anything depends on
the model, the notes and their number: so an update asks about everyday matters, and the index
keeps how near it came. Beside that it counts whether the notes say the question's words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from notesearch.odds import to_probabilities
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
# on topics that they do not hold, with two models, and to those of corpus/queries.yaml. 2 % of the
# answerable ones fall below on wild and on corpus/; of the others 70 to 85 % on wild.
_NEARNESS = 0.9  # for each standard deviation of the best cosine above the mean of UNRELATED
_EVIDENCE = 4.0  # for the words, as far as they count in the mix
_EVIDENCE_UNKNOWN = 0.6  # where words are not looked at
_UNSEEN = 4.0  # against it: words that no note has, as their share of the question by rarity
# The fewer passages, the more words of a question with an answer are in none of them.
_DOUBT, _DOUBT_BY_SIZE = -0.95, 0.4
_LEAST_SPREAD = 0.02  # a third of what real models have: few notes may be equally near to all


def relevance(
    cosine: float, probes: Sequence[float], words: LexicalScores | None, passages: int
) -> float | None:
    """Return how likely it is that something found answers the question, from 0 to 1.

    `cosine` is that of the nearest passage, and `probes` are those of the passage nearest to each
    of `UNRELATED`, as an update leaves them. These are of the whole index, and so is the number of
    `passages`, whatever a filter lets through. None where there are too few of them to say.
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
    doubt = _DOUBT + _DOUBT_BY_SIZE * math.log(max(passages, 1))
    odds = _NEARNESS * nearness + _EVIDENCE * evidence - _UNSEEN * unseen - doubt
    return float(to_probabilities(np.array(odds)))
