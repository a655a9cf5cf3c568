"""Commands and library with the words of a text for a model: nothing is loaded, nothing compiled.

`python -m tests.word_model query "reward"` runs the command line so, in a process of its own.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notesearch import chosen_models, cli
from notesearch.embedding import ModelChoice
from tests.fakes import WordEmbedder


class SlowEmbedder(WordEmbedder):
    """Takes its time, so that a test can interrupt it."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(5)
        return super().embed_passages(texts)


def load_embedder(choice: ModelChoice, **_: object) -> WordEmbedder:
    kind = SlowEmbedder if "SLOW_MODEL" in os.environ else WordEmbedder
    return kind(name=choice.name)


def load_counter(choice: ModelChoice, **_: object) -> SimpleNamespace:
    return SimpleNamespace(
        max_tokens=50, count_many=lambda texts: [len(text.split()) for text in texts]
    )


def fingerprint_of(choice: ModelChoice, **_: object) -> str:
    return WordEmbedder(name=choice.name).fingerprint


# What stands in `notesearch.chosen_models` for the model's own functions.
STAND_INS: dict[str, Any] = {
    function.__name__: function for function in (load_embedder, load_counter, fingerprint_of)
}

if __name__ == "__main__":
    for name, stand_in in STAND_INS.items():
        setattr(chosen_models, name, stand_in)
    sys.argv[0] = "notesearch"
    cli.run()
