"""The models of an index, loaded piece by piece: a name first, weights when a text comes.

An update with nothing to do needs the fingerprint alone, reading notes needs the tokenizer, and
only new texts and questions need the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notesearch.corpus.folder import PassageCounter
from notesearch.embedding import (
    Embedder,
    Reranker,
    fingerprint_of,
    load_counter,
    load_embedder,
    load_reranker,
)
from notesearch.errors import UsageError
from notesearch.lazy import Lazy
from notesearch.settings import Settings

if TYPE_CHECKING:
    from notesearch.search.fusion import Reranking


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """A counter made of an embedder of the caller's, which counts one text at a time."""

    embedder: Embedder

    @property
    def max_tokens(self) -> int:
        return self.embedder.max_tokens

    def count_many(self, texts: Sequence[str]) -> list[int]:
        return [self.embedder.count_tokens(text) for text in texts]


class Model:
    """The models of the settings, or objects of the caller's in their place, behind one face.

    `warn` is called with what a person should know, `announce` with what takes long.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        warn: Callable[[str], None],
        announce: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._given = embedder
        self._given_reranker = reranker
        self._warn = warn
        self._announce = announce
        self._fingerprint = Lazy(self._find_fingerprint)
        self._embedder = Lazy(self._load_embedder)
        self._counter = Lazy(self._load_counter)
        self._reranking = Lazy(self._find_reranking)

    @property
    def fingerprint(self) -> str:
        """Name and hash of what makes the vectors, known without loading anything."""
        return self._fingerprint.get()

    @property
    def embedder(self) -> Embedder:
        """The model itself; compiled the first time it is ever asked for."""
        return self._embedder.get()

    def counter(self) -> PassageCounter:
        """Return what counts passages as the model does."""
        return self._counter.get()

    def _find_fingerprint(self) -> str:
        if self._given is not None:
            return self._given.fingerprint
        return fingerprint_of(self._settings.model, warn=self._warn)

    def _load_embedder(self) -> Embedder:
        if self._given is not None:
            return self._given
        return load_embedder(self._settings.model, warn=self._warn, announce=self._announce)

    def _load_counter(self) -> PassageCounter:
        if self._given is not None:
            return _OneByOne(self._given)
        return load_counter(self._settings.model, warn=self._warn, announce=self._announce)

    def reranking(self, wanted: bool | None) -> Reranking | None:
        """Give what reorders an answer: by default where there is a cross-encoder.

        UsageError where one is wanted and there is none.
        """
        if wanted is False:
            return None
        reranking = self._reranking.get()
        if reranking is None and wanted:
            raise UsageError(
                "there is nothing to rerank with; set rerank to a CrossEncoder, a hub id or folder"
            )
        return reranking

    def _find_reranking(self) -> Reranking | None:
        load = self._reranker_loader()
        if load is None:
            return None
        from notesearch.search.fusion import Reranking

        return Reranking(Lazy(load), self._settings.rerank_depth)

    def _reranker_loader(self) -> Callable[[], Reranker] | None:
        given, choice = self._given_reranker, self._settings.rerank
        if given is not None:
            return lambda: given
        if choice is None:
            return None

        def load() -> Reranker:
            return load_reranker(choice, warn=self._warn, announce=self._announce)

        return load
