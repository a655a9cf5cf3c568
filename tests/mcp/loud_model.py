"""Commands with a model that writes to stdout by every way there is, as some library may.

`python -m tests.mcp.loud_model mcp`
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import numpy as np
from numpy.typing import NDArray

from notesearch import chosen_models, cli
from notesearch.embedding import ModelChoice
from tests.fakes import WordEmbedder
from tests.word_model import STAND_INS


class LoudEmbedder(WordEmbedder):
    def embed_query(self, text: str) -> NDArray[np.float32]:
        print("loud: print")  # noqa: T201
        assert sys.__stdout__ is not None
        sys.__stdout__.write("loud: the first stdout\n")
        sys.__stdout__.flush()
        os.write(1, b"loud: the descriptor\n")
        ctypes.CDLL(None).puts(b"loud: C")
        ctypes.CDLL(None).fflush(None)
        subprocess.run(["echo", "loud: a program"], check=True)
        return super().embed_query(text)


def load_embedder(choice: ModelChoice, **_: object) -> WordEmbedder:
    return LoudEmbedder(name=choice.name)


if __name__ == "__main__":
    for name, stand_in in {**STAND_INS, "load_embedder": load_embedder}.items():
        setattr(chosen_models, name, stand_in)
    sys.argv[0] = "notesearch"
    cli.run()
