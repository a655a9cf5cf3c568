"""What an index says of itself: the rows of the table `meta` as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from notesearch.errors import MismatchError, UsageError
from notesearch.index.catalog import Catalog
from notesearch.index.layout import damaged


@dataclass(frozen=True, slots=True)
class IndexState:
    """One generation of an index."""

    embedder: str  # fingerprint of the model that made the vectors
    reading: str  # fingerprint of what read and chunked the notes
    generation: int  # names the FAISS file
    corpus: str  # the folder it was last brought in step with, absolute
    dimension: int  # 0 as long as nothing has been embedded
    created: str  # ISO 8601, UTC
    updated: str = ""
    passages: int = 0
    vectors_digest: str = ""  # of the FAISS file; there is none when there are no passages

    def write(self, catalog: Catalog) -> None:
        """Store it; within the transaction that makes it true."""
        values = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        catalog.write_meta(values)

    def require_embedder(self, fingerprint: str, index_dir: Path) -> None:
        """Raise MismatchError when the vectors are another model's."""
        if fingerprint != self.embedder:
            raise MismatchError(
                f"{index_dir} holds vectors of {self.embedder}, "
                f"the settings ask for {fingerprint}; run: notesearch index --rebuild"
            )

    def require_corpus(self, corpus: str, index_dir: Path) -> None:
        """Raise UsageError for another corpus than before, unless that one has moved away."""
        if corpus != self.corpus and Path(self.corpus).is_dir():
            raise UsageError(
                f"{index_dir} holds the notes of {self.corpus}, not of {corpus}; "
                "choose another folder with --index, or change over with --rebuild"
            )


def read_state(catalog: Catalog) -> IndexState:
    """Read what the index says of itself."""
    meta = catalog.read_meta()
    try:
        return IndexState(
            embedder=meta["embedder"],
            reading=meta["reading"],
            generation=int(meta["generation"]),
            corpus=meta["corpus"],
            dimension=int(meta["dimension"]),
            passages=int(meta["passages"]),
            vectors_digest=meta["vectors_digest"],
            created=meta["created"],
            updated=meta["updated"],
        )
    except (KeyError, ValueError) as error:
        raise damaged(
            catalog.path, f"is damaged (meta: {error})", "run: notesearch index --rebuild"
        ) from error
