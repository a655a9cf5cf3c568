"""The models of an index, loaded piece by piece: a name first, weights when a text comes.

An update with nothing to do needs the fingerprint alone, reading notes needs the tokenizer, and
only new texts and questions need the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from notesearch.corpus_folder import Ruler
from notesearch.embedding import (
    Embedder,
    Reranker,
    fingerprint_of,
    load_counter,
    load_embedder,
)
from notesearch.errors import UsageError
from notesearch.settings import Settings

if TYPE_CHECKING:
    from notesearch.search.rerank import Reranking


class Model:
    """The models of the settings, or objects of the caller's in their place, behind one face.

    `warn` hears what a person should know, `tell` what takes long.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        warn: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._given = embedder
        self._given_reranker = reranker
        self._warn = warn
        self._tell = tell

    @cached_property
    def fingerprint(self) -> str:
        """Name and hash of what makes the vectors, told without loading anything."""
        if self._given is not None:
            return self._given.fingerprint
        return fingerprint_of(self._settings.model, warn=self._warn)

    @cached_property
    def embedder(self) -> Embedder:
        """The model itself; compiled the first time it is ever asked for."""
        return self._given or load_embedder(self._settings.model, warn=self._warn, tell=self._tell)

    def ruler(self) -> Ruler:
        """How long a passage may be, and how the model counts."""
        return self._ruler

    @cached_property
    def _ruler(self) -> Ruler:
        most = self._settings.passage_tokens
        if self._given is not None:
            embedder = self._given

            def count_each(texts: Sequence[str]) -> list[int]:
                return [embedder.count_tokens(text) for text in texts]

            return Ruler(min(most, embedder.max_tokens), count_each)
        counter = load_counter(self._settings.model, warn=self._warn, tell=self._tell)
        return Ruler(min(most, counter.max_tokens), counter.count_many)

    def reranking(self, wanted: bool | None) -> Reranking | None:
        """Give what reorders an answer: by default where there is a cross-encoder.

        UsageError where one is wanted and there is none.
        """
        if wanted is False:
            return None
        if self._reranking is None and wanted:
            raise UsageError(
                "there is nothing to rerank with; set rerank to a CrossEncoder, a hub id or folder"
            )
        return self._reranking

    @cached_property
    def _reranking(self) -> Reranking | None:
        load = self._reranker_loader()
        if load is None:
            return None
        from notesearch.search.loading import LoadedOnce
        from notesearch.search.rerank import Reranking

        return Reranking(LoadedOnce(load), self._settings.rerank_depth)

    def _reranker_loader(self) -> Callable[[], Reranker] | None:
        given, choice = self._given_reranker, self._settings.rerank
        if given is not None:
            return lambda: given
        if choice is None:
            return None

        def load() -> Reranker:
            from notesearch.embedding.reranking import load_reranker

            return load_reranker(choice, warn=self._warn, tell=self._tell)

        return load
