"""The models of an index, loaded piece by piece: a name first, weights when a text comes.

An update with nothing to do needs the fingerprint alone, reading notes needs the tokenizer, and
only new texts and questions need the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
from notesearch.search.fusion import Reranking
from notesearch.settings import Settings


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """A counter made of an embedder of the caller's, which counts one text at a time."""

    embedder: Embedder

    @property
    def max_tokens(self) -> int:
        return self.embedder.max_tokens

    def count_many(self, texts: Sequence[str]) -> list[int]:
        return [self.embedder.count_tokens(text) for text in texts]


class ChosenModels:
    """The models of the settings, or objects of the caller's in their place.

    `warn` hears what a person should know, `announce` what takes long. `find_made_with` returns the
    model that the vectors of the index are of, None where there are none.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        find_made_with: Callable[[], str | None] = lambda: None,
        warn: Callable[[str], None],
        announce: Callable[[str], None],
    ) -> None:
        choice, rerank = settings.model, settings.rerank

        def find_fingerprint() -> str:
            return fingerprint_of(choice, warn=warn) if embedder is None else embedder.fingerprint

        def load() -> Embedder:
            if embedder is not None:
                return embedder
            if choice.is_served and find_made_with() != self.fingerprint.get():
                from notesearch.embedding.endpoint_address import describe_sending

                warn(describe_sending(choice))
            return load_embedder(choice, warn=warn, announce=announce)

        def open_counter() -> PassageCounter:
            if embedder is not None:
                return _OneByOne(embedder)
            return load_counter(choice, warn=warn, announce=announce)

        # Whether the same name may stand for other vectors tomorrow: a server is not in our hands.
        self.may_change = embedder is None and choice.is_served
        self.fingerprint = Lazy(find_fingerprint)  # of the vectors, known without loading anything
        self.embedder = Lazy(load)  # compiled the first time that it is ever asked for
        self.counter = Lazy(open_counter)  # counts passages as the model does
        self._reranker: Lazy[Reranker] | None = None
        if reranker is not None:
            self._reranker = Lazy(lambda: reranker)
        elif rerank is not None:
            self._reranker = Lazy(lambda: load_reranker(rerank, warn=warn, announce=announce))
        self._rerank_depth = settings.rerank_depth

    def close(self) -> None:
        """End what is asked of a server; other models have nothing to close."""
        if self.may_change and self.embedder.is_loaded:
            from notesearch.embedding.served_model import ServedEmbedder

            served = self.embedder.get()
            if isinstance(served, ServedEmbedder):
                served.stop()

    def reranking(self, wanted: bool | None) -> Reranking | None:
        """Return what reorders an answer: by default where there is a cross-encoder.

        UsageError where one is wanted and there is none.
        """
        if wanted is False:
            return None
        if self._reranker is not None:
            return Reranking(self._reranker, self._rerank_depth)
        if wanted:
            raise UsageError(
                "there is nothing to rerank with; set rerank to a CrossEncoder, a hub id or folder"
            )
        return None
