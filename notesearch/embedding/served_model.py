"""Embed with a model that a server runs, which speaks the OpenAI embeddings API.

Nothing is known of its tokenizer, so that tokens are estimated, and rather too many than too few.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from notesearch.embedding.endpoint_address import find_address
from notesearch.embedding.endpoint_requests import DEFAULT_PATIENCE, EndpointClient, Patience
from notesearch.embedding.model_choice import SERVED_PREFIX, ModelChoice
from notesearch.embedding.token_reader import describe_cut, to_valid_text
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Models that read 512 tokens are the usual ones, and of 500 texts of real notes the estimate was
# too low for 1 %, by 10 % at most (tokens of BERT).
_MOST_TOKENS = 448
_WORDS = re.compile("[A-Za-z]+")
_LETTERS_PER_TOKEN = 4
# What a choice may say of a model that runs here.
_OF_OTHERS = ("dtype", "revision")


class TokenEstimate:
    """Counts tokens as no tokenizer does: rather too many than too few."""

    def __init__(self, choice: ModelChoice) -> None:
        self.max_tokens = _MOST_TOKENS - estimate_tokens(choice.passage_prompt or "")
        if self.max_tokens < 1:
            raise ModelError("passage_prompt: leaves no room for a passage; shorten it")

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, in order."""
        return [estimate_tokens(text) for text in texts]


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: 4 letters, or 1 other sign, or 2 bytes of it."""
    words = _WORDS.findall(text)
    tokens = sum(-(-len(word) // _LETTERS_PER_TOKEN) for word in words)
    rest = "".join(_WORDS.sub("", text).split())
    if rest.isascii():
        return tokens + len(rest)
    return tokens + sum(-(-len(sign.encode("utf-8", "surrogatepass")) // 2) for sign in rest)


def fingerprint_served(choice: ModelChoice) -> str:
    """Return one short line of all that changes vectors; the server is not asked.

    The length of the vectors is the index's to compare: it is known with the first of them.
    """
    address = find_address(choice, {})
    _require_served_form(choice)
    parts = [choice.query_prompt or "", choice.passage_prompt or "", choice.truncate_dim]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"{choice.name} at {address.url} {digest[:8]}"


def _require_served_form(choice: ModelChoice) -> None:
    asked = {key: value for key in _OF_OTHERS if (value := getattr(choice, key)) is not None}
    if choice.precision is not None:
        asked["precision"] = choice.precision.value
    if choice.device not in {"auto", "cpu"}:
        asked["device"] = choice.device
    if choice.trust_remote_code:
        asked["trust_remote_code"] = "true"
    for key, value in asked.items():
        raise ModelError(
            f"{key} {value}: a server runs {choice.name}, and is not told; leave {key} out"
        )


class ServedEmbedder:
    """An Embedder whose vectors come from a server; safe to use from several threads."""

    def __init__(
        self,
        choice: ModelChoice,
        warn: Callable[[str], None],
        announce: Callable[[str], None],
        *,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        """Take the key from the environment; nothing is sent before the first text."""
        self.fingerprint = fingerprint_served(choice)
        address = find_address(choice, os.environ)
        name = choice.name.removeprefix(SERVED_PREFIX)
        self._client = EndpointClient(address, name, announce, patience)
        self._choice = choice
        self._warn = warn
        self.max_tokens = TokenEstimate(choice).max_tokens
        self._guard = threading.Lock()
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """Numbers in a vector; the server is asked where it has given none yet."""
        if self._dimension is None:
            self._embed(["dimension"])
        return self._dimension or 0

    def count_tokens(self, text: str) -> int:
        """Return about how many tokens a text has, rather too many than too few."""
        return estimate_tokens(text)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dimension) float32, rows of length 1; ModelError for one too long."""
        for position, text in enumerate(texts):
            if (tokens := estimate_tokens(text)) > self.max_tokens:
                raise ModelError(
                    f"passage {position} of those to embed: about {tokens} tokens, and "
                    f"{self.max_tokens} are sent; cut it into passages by count_tokens"
                )
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return self._embed([(self._choice.passage_prompt or "") + text for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dimension,) float32 of length 1; a long question is cut, with a warning."""
        whole = (self._choice.query_prompt or "") + text
        if (tokens := estimate_tokens(whole)) > _MOST_TOKENS:
            self._warn(describe_cut(tokens, self._choice.name, _MOST_TOKENS))
            whole = _beginning(whole)
        vector: NDArray[np.float32] = self._embed([whole])[0]
        return vector

    def stop(self) -> None:
        """End requests at work in other threads, for good."""
        self._client.stop()

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = self._client.embed([to_valid_text(text) for text in texts])
        if (wanted := self._choice.truncate_dim) is not None:
            if vectors.shape[1] < wanted:
                raise ModelError(
                    f"truncate_dim {wanted}: {self._choice.name} gives {vectors.shape[1]} "
                    "numbers; set it to less, or leave it out"
                )
            vectors = vectors[:, :wanted]
        self._keep_dimension(vectors.shape[1])
        # First by the greatest value, so that no square is too large or too small for a float.
        greatest = np.abs(vectors).max(axis=1, keepdims=True)
        if not greatest.all():
            raise ModelError(
                f"model {self._choice.name}: the server gives vectors of zeros; restart it, or "
                "set model to another"
            )
        scaled = vectors / greatest
        rows: NDArray[np.float32] = (scaled / np.linalg.norm(scaled, axis=1, keepdims=True)).astype(
            np.float32
        )
        return rows

    def _keep_dimension(self, found: int) -> None:
        with self._guard:
            before = self._dimension = self._dimension or found
        if before != found:
            raise ModelError(
                f"model {self._choice.name}: the server gave {before} numbers for a text before, "
                f"and {found} now: it changed its model; rebuild the index"
            )


def _beginning(text: str) -> str:
    """Return the longest beginning of a text, up to a few signs, that the estimate lets through."""
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (
            (middle, most)
            if estimate_tokens(text[:middle]) <= _MOST_TOKENS
            else (least, middle - 1)
        )
    return text[:least]
