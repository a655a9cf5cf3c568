"""The state of an index: the rows of its table `meta` as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from notesearch.errors import CorpusError, MismatchError, Remedy, UsageError
from notesearch.index.catalog import Catalog
from notesearch.index.index_layout import IndexLayout
from notesearch.index.origin import is_remembered, lies_beside


@dataclass(frozen=True, slots=True)
class IndexState:
    """One generation of an index."""

    embedder: str  # fingerprint of the model that made the vectors
    reading: str  # fingerprint of what read and chunked the notes
    generation: int  # grows by one with each change
    corpus: str  # the folder it was last brought in step with, seen from the index folder
    dimension: int  # 0 as long as nothing has been embedded
    created: str  # ISO 8601, UTC
    identity: str  # 32 hex digits that no other index has, copies apart
    stamp: str = ""  # 16 hex digits that no other generation has, of a copy brought back neither
    updated: str = ""
    passages: int = 0
    # Of the nearest passage to each of the plan's probes; empty when there are no passages.
    probe_cosines: tuple[float, ...] = ()

    def write(self, catalog: Catalog) -> None:
        """Store it; within the transaction that makes it true."""
        values = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        values["probe_cosines"] = " ".join(repr(cosine) for cosine in self.probe_cosines)
        catalog.write_meta(values)

    def require_embedder(self, fingerprint: str, index_dir: Path) -> None:
        """Raise MismatchError when the vectors are another model's."""
        if fingerprint != self.embedder:
            raise MismatchError(
                f"{index_dir} holds vectors of {self.embedder}, the settings ask for {fingerprint}",
                IndexLayout(index_dir).rebuild,
            )

    def require_dimension(self, dimension: int, index_dir: Path) -> None:
        """Raise MismatchError for a vector of another length: a server may change its model."""
        if dimension != self.dimension:
            raise MismatchError(
                f"{index_dir} holds vectors of {self.dimension} numbers, {self.embedder} gives "
                f"{dimension} now",
                IndexLayout(index_dir).rebuild,
            )

    def corpus_folder(self, index_dir: Path) -> Path | None:
        """Return the corpus folder; where both were moved together, it is found again."""
        return (index_dir / self.corpus).resolve() if self.corpus else None

    def require_corpus(self, corpus: Path | None, index_dir: Path) -> None:
        """Raise UsageError for another corpus than before, unless that one has moved away."""
        known = self.corpus_folder(index_dir)
        if corpus and known and corpus.resolve() != known and known.is_dir():
            change = IndexLayout(index_dir).update(corpus, rebuild=True)
            raise UsageError(
                f"{index_dir} holds the notes of {known}, not of {corpus}",
                Remedy(
                    f"choose another folder for the index, or change over; {change.call}",
                    f"choose another folder with --index, or change over; {change.command}",
                ),
            )

    def require_own_corpus(self, index_dir: Path, of_settings: Path | None) -> None:
        """Raise CorpusError for an index made elsewhere, of notes that lie elsewhere.

        Its notes may lie beside it, be those that the settings name, or be those of an index that
        was made here: else an index that came with somebody's files could have any folder walked.
        """
        folder = self.corpus_folder(index_dir)
        if folder is None or lies_beside(folder, index_dir) or is_remembered(self.identity):
            return
        if of_settings is None or of_settings.resolve() != folder:
            raise CorpusError(
                f"{index_dir} was made elsewhere, of {folder}, which is left alone",
                IndexLayout(index_dir).update(folder).after("if these are your notes,"),
            )


def read_state(catalog: Catalog) -> IndexState:
    """Read the state that the catalog is in."""
    meta = catalog.read_meta()
    try:
        return IndexState(
            embedder=meta["embedder"],
            reading=meta["reading"],
            generation=int(meta["generation"]),
            corpus=meta["corpus"],
            dimension=int(meta["dimension"]),
            passages=int(meta["passages"]),
            created=meta["created"],
            identity=meta["identity"],
            stamp=meta["stamp"],
            probe_cosines=tuple(map(float, meta["probe_cosines"].split())),
            updated=meta["updated"],
        )
    except (KeyError, ValueError) as error:
        raise catalog.damaged(f"meta: {error}") from error
