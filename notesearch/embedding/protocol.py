"""What the library asks of an embedder and a reranker: any object with these names will do.

Importing this module loads no library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into vectors of length 1, so that a dot product is a cosine.

    Questions come from several threads at a time, and an update counts tokens in one while it
    embeds in another. Whatever fails is a ModelError, with what the person can do; any other error
    is shown as a bug.
    """

    @property
    def max_tokens(self) -> int:
        """The most tokens of a passage that the model reads."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""

    @property
    def fingerprint(self) -> str:
        """Model, precision and a hash of everything that changes vectors, in one short line.

        It is asked for before the model is loaded, also by an update with nothing to do.
        """

    def count_tokens(self, text: str) -> int:
        """Return the tokens of a text; 0 for an empty one. It is asked for every piece of a note.

        A text with `count_tokens(text) <= max_tokens` is read whole. Special tokens and the
        passage prompt are not counted, and `max_tokens` is the model's limit less these, so that
        the counts of pieces add up to about the count of the whole.
        """

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dimension) float32, rows of length 1 in the order of the texts.

        A text of more than `max_tokens` is a ModelError: nothing is cut silently.
        """

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimension,) float32 of length 1; a text over the limit is cut, with a warning."""


class Reranker(Protocol):
    """Reads a question together with each of some passages: slower than vectors, and nearer."""

    def score_passages(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """Return (passages,) float64: the probability that each answers the question."""
