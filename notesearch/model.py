"""The model of an index, loaded piece by piece: its name first, its weights when a text comes.

An update with nothing to do needs the fingerprint alone, reading notes needs the tokenizer, and
only new texts and questions need the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from notesearch.corpus_folder import Ruler
from notesearch.embedding import Embedder, ModelChoice, fingerprint_of, load_counter, load_embedder
from notesearch.settings import Settings


class Model:
    """A chosen model, or an embedder object of the caller's, behind one face."""

    def __init__(
        self,
        choice: ModelChoice,
        *,
        passage_tokens: int,
        embedder: Embedder | None = None,
        warn: Callable[[str], None],
        tell: Callable[[str], None],
    ) -> None:
        self._choice = choice
        self._passage_tokens = passage_tokens
        self._given = embedder
        self._warn = warn
        self._tell = tell

    @cached_property
    def fingerprint(self) -> str:
        """Name and hash of what makes the vectors, told without loading anything."""
        if self._given is not None:
            return self._given.fingerprint
        return fingerprint_of(self._choice, warn=self._warn)

    @cached_property
    def embedder(self) -> Embedder:
        """The model itself; compiled the first time it is ever asked for."""
        return self._given or load_embedder(self._choice, warn=self._warn, tell=self._tell)

    def ruler(self) -> Ruler:
        """How long a passage may be, and how the model counts."""
        return self._ruler

    @cached_property
    def _ruler(self) -> Ruler:
        if self._given is not None:
            embedder = self._given

            def count_each(texts: Sequence[str]) -> list[int]:
                return [embedder.count_tokens(text) for text in texts]

            return Ruler(min(self._passage_tokens, embedder.max_tokens), count_each)
        counter = load_counter(self._choice, warn=self._warn, tell=self._tell)
        return Ruler(min(self._passage_tokens, counter.max_tokens), counter.count_many)


def open_model(
    settings: Settings,
    *,
    embedder: Embedder | None = None,
    warn: Callable[[str], None],
    tell: Callable[[str], None],
) -> Model:
    """Take the model of the settings, or an embedder of the caller's in its place.

    `warn` hears what a person should know, `tell` what takes long.
    """
    return Model(
        settings.model,
        passage_tokens=settings.passage_tokens,
        embedder=embedder,
        warn=warn,
        tell=tell,
    )
