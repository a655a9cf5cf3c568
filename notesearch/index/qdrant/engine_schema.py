"""Make the collections of an index in an engine, with the keys that it finds points by."""

from __future__ import annotations

from qdrant_client import models

from notesearch.index.qdrant.engine_client import MEANING, WORDS, Engine
from notesearch.index.qdrant.engine_errors import EngineError

_KEYWORD = models.PayloadSchemaType.KEYWORD
_INTEGER = models.PayloadSchemaType.INTEGER

# What filters, and those who look for what is new, ask of passages and of notes.
_ASKED = {
    "since": _INTEGER,
    "until": _INTEGER,
    "path": _KEYWORD,
    "note_id": _KEYWORD,
    "places": _KEYWORD,
    "parts": _KEYWORD,
    "kind": _KEYWORD,
    "tags": _KEYWORD,
    "year": _INTEGER,
    "paper": _KEYWORD,
    "first_day": _INTEGER,
    "last_day": _INTEGER,
    "first_seen": _INTEGER,
}
_OF_PASSAGES = {
    **_ASKED,
    "note": _INTEGER,
    "roles": _KEYWORD,
    "passage_id": _KEYWORD,
    "vector_of": _KEYWORD,
    "lot": _INTEGER,
    # The texts are numbers of words: nothing of the engine's own tokenizer comes into it.
    "words": models.TextIndexParams(
        type=models.TextIndexType.TEXT,
        tokenizer=models.TokenizerType.WHITESPACE,
        lowercase=False,
        phrase_matching=True,
        on_disk=True,
    ),
}
_OF_NOTES = {
    **_ASKED,
    **dict.fromkeys(
        (
            "names",
            "whole_tags",
            "written_tags",
            "own_tags",
            "acronyms",
            "shorts",
            "longs",
        ),
        _KEYWORD,
    ),
}
_OF_RECORDS = {"kind": _KEYWORD, "number": _INTEGER, "owner": _KEYWORD}


def create_collections(engine: Engine) -> None:
    """Make what an index consists of, but for the passages: these need a dimension.

    EngineError where something else has one of their names: nothing of that is touched.
    """
    names = engine.names
    for collection, *ours in (
        (names.passages, {MEANING}, {WORDS}),
        (names.notes, set(), {WORDS}),
        (names.records, set(), set()),
    ):
        found = engine.vectors_in(collection)
        if found is not None and [_names(found.vectors), _names(found.sparse_vectors)] != ours:
            raise EngineError(
                f"{engine.address.text}: the engine has a collection {collection} of something "
                "else; choose another name for the index"
            )
    engine.create(names.notes, vectors_config={}, sparse_vectors_config=_sparse_words())
    engine.create(names.records, vectors_config={})
    for key, schema in _OF_NOTES.items():
        engine.create_key(names.notes, key, schema)
    for key, schema in _OF_RECORDS.items():
        engine.create_key(names.records, key, schema)


def create_passages(engine: Engine, dimension: int) -> None:
    """Make the collection of passages; one that is there stays as it is."""
    meaning = models.VectorParams(
        size=dimension,
        distance=models.Distance.DOT,  # the vectors have length 1
        datatype=models.Datatype.FLOAT16,  # as they are made: nothing is lost
        on_disk=True,
    )
    # A byte a number is looked through, in memory; what is found is compared with the vectors.
    rounded = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
    engine.create(
        engine.names.passages,
        vectors_config={MEANING: meaning},
        sparse_vectors_config=_sparse_words(),
        quantization_config=models.ScalarQuantization(scalar=rounded),
        on_disk_payload=True,
    )
    for key, schema in _OF_PASSAGES.items():
        engine.create_key(engine.names.passages, key, schema)


def _names(vectors: object) -> set[str]:
    """Return what the vectors of a collection are called; one without a name is called so."""
    if isinstance(vectors, models.VectorParams):
        return {""}
    return set(vectors) if isinstance(vectors, dict) else set()


def _sparse_words() -> dict[str, models.SparseVectorParams]:
    return {WORDS: models.SparseVectorParams(index=models.SparseIndexParams(on_disk=False))}
