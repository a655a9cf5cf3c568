"""Turn log odds into probabilities and back: the logistic function, written once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-15  # nearer to 0 or 1 a probability says no more


def to_probabilities(odds: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bring log odds, such as the logits of a model, to 0..1, which keeps their order."""
    # By tanh, which overflows nowhere.
    probabilities: NDArray[np.float64] = 0.5 * (1.0 + np.tanh(0.5 * odds.astype(np.float64)))
    return probabilities


def to_odds(probability: float) -> float:
    """Return the log odds of a probability, as far as numbers reach."""
    return 2 * math.atanh(min(max(2 * probability - 1, -1 + _LEAST), 1 - _LEAST))
