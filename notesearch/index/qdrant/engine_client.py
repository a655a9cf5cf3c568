"""Read and write the points of an index in Qdrant.

An index is three collections: NAME has the passages, NAME-notes the notes, and NAME-records what is
neither: the state, the lease of the writer, files, probes and what is known of each word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from notesearch.engine_address import EngineAddress
from notesearch.index.qdrant.engine_requests import EngineRequests
from notesearch.index.qdrant.point_conditions import all_of, is_one_of

T = TypeVar("T")
Payload = dict[str, Any]

MEANING = "meaning"  # the dense vector of a passage
WORDS = "words"  # the sparse vector of a passage, and of a note
_POINTS_PER_REQUEST = 256
_RECORDS_PER_PAGE = 2000
# By itself the engine ranks what it finds by a byte a number: the cosines of 20,887 passages are
# 0.0015 off, and of the first ten by 16 bits a number 0.23 are missing.
_RESCORED = models.SearchParams(quantization=models.QuantizationSearchParams(rescore=True))
_EXACT = models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))


class Collections:
    """The collections of one index."""

    def __init__(self, name: str) -> None:
        self.passages = name
        self.notes = f"{name}-notes"
        self.records = f"{name}-records"

    @property
    def all(self) -> tuple[str, str, str]:
        """The names of all three."""
        return self.passages, self.notes, self.records


class Engine:
    """A connection to an engine; many threads may use it."""

    def __init__(
        self,
        address: EngineAddress,
        client: QdrantClient,
        *,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        """Take a client as `connect` makes it; with a `turn`, one thread at a time asks it."""
        self.address = address
        self.names = Collections(address.name)
        self._requests = EngineRequests(address, client, turn)
        self._ask = self._requests.ask

    # ------------------------------------------------------------ reading

    def exists(self) -> bool:
        """Return whether the engine holds an index of this name."""
        return bool(self._ask("collection_exists", collection_name=self.names.records))

    def dimension(self) -> int:
        """Return how long the vectors of the passages are; 0 where there is no place for any."""
        found = self.vectors_in(self.names.passages)
        return 0 if found is None else int(found.vectors[MEANING].size)

    def vectors_in(self, collection: str) -> Any:  # noqa: ANN401 - as the client answers
        """Return which vectors the points of a collection have; None where there is no such."""
        if not self._ask("collection_exists", collection_name=collection):
            return None
        return self._ask("get_collection", collection_name=collection).config.params

    def read(
        self, collection: str, ids: Sequence[int | str], keys: Sequence[str] | bool = True
    ) -> dict[int | str, Payload]:
        """Return the payloads of points by their ids; those that are not there are left out."""
        return {
            (record.id if isinstance(record.id, int) else str(record.id)): record.payload or {}
            for part in _parts(ids, _RECORDS_PER_PAGE)
            for record in self._retrieve(collection, part, keys, ())
        }

    def vectors(self, collection: str, ids: Sequence[int], name: str) -> dict[int, Any]:
        """Return one vector of each point by its id; those that are not there are left out."""
        return {
            int(record.id): record.vector[name]
            for part in _parts(ids, _RECORDS_PER_PAGE)
            for record in self._retrieve(collection, part, False, [name])
            if isinstance(record.vector, dict) and name in record.vector
        }

    def _retrieve(
        self,
        collection: str,
        ids: Sequence[int | str],
        keys: Sequence[str] | bool,
        vectors: Sequence[str],
    ) -> list[models.Record]:
        found: list[models.Record] = self._ask(
            "retrieve",
            collection_name=collection,
            ids=list(ids),
            with_payload=_payload(keys),
            with_vectors=list(vectors) or False,
        )
        return found

    def scroll(
        self,
        collection: str,
        where: models.Filter,
        keys: Sequence[str] | bool = True,
        *,
        vectors: Sequence[str] = (),
        limit: int | None = None,
    ) -> Iterator[models.Record]:
        """Yield the points that meet a condition, in the order of their ids."""
        offset: Any = None
        left = limit
        while left is None or left > 0:
            records, offset = self._ask(
                "scroll",
                collection_name=collection,
                scroll_filter=where,
                limit=_RECORDS_PER_PAGE if left is None else min(left, _RECORDS_PER_PAGE),
                offset=offset,
                with_payload=_payload(keys),
                with_vectors=list(vectors) or False,
            )
            yield from records
            if offset is None:
                return
            left = None if left is None else left - len(records)

    def count(self, collection: str, where: models.Filter) -> int:
        """Count the points that meet a condition."""
        found = self._ask("count", collection_name=collection, count_filter=where, exact=True)
        return int(found.count)

    def facet(self, collection: str, key: str, where: models.Filter, limit: int) -> dict[str, int]:
        """Count the points that have each value of a key, the commonest first."""
        found = self._ask(
            "facet",
            collection_name=collection,
            key=key,
            facet_filter=where,
            limit=limit,
            exact=True,
        )
        return {str(hit.value): int(hit.count) for hit in found.hits}

    def nearest(
        self, query: NDArray[np.float32], where: models.Filter, k: int, keys: Sequence[str] = ()
    ) -> list[models.ScoredPoint]:
        """Return the k passages of greatest cosine that meet a condition, the best first."""
        exact = self.address.is_exact
        return self._search(self.names.passages, query.tolist(), MEANING, where, k, keys, exact)

    def best_by_words(
        self,
        collection: str,
        weights: Mapping[int, float],
        where: models.Filter,
        k: int,
        keys: Sequence[str],
    ) -> list[models.ScoredPoint]:
        """Return the k points whose words add up to most, by the numbers of the words."""
        query = models.SparseVector(indices=list(weights), values=list(weights.values()))
        return self._search(collection, query, WORDS, where, k, keys) if weights else []

    def _search(
        self,
        collection: str,
        query: list[float] | models.SparseVector,
        vector: str,
        where: models.Filter,
        k: int,
        keys: Sequence[str],
        exact: bool = False,
    ) -> list[models.ScoredPoint]:
        if k < 1:
            return []
        parameters = None
        if vector == MEANING and self.address.folder is None:  # a folder's searches are exact
            parameters = _EXACT if exact else _RESCORED
        found = self._ask(
            "query_points",
            collection_name=collection,
            query=query,
            using=vector,
            query_filter=where,
            search_params=parameters,
            limit=k,
            with_payload=_payload(keys),
        )
        return list(found.points)

    def cosines(self, query: NDArray[np.float32], ids: Sequence[int]) -> dict[int, float]:
        """Return the cosines of passages, by their numbers."""
        if not len(ids):
            return {}
        if self.address.folder is not None:
            # There a condition on numbers is compared with every passage, a second for 5,000.
            found = self.vectors(self.names.passages, ids, MEANING)
            rows = np.array([found[number] for number in ids], dtype=np.float32)
            return dict(zip(ids, (rows @ query).tolist(), strict=True))
        where, k = all_of(is_one_of(ids)), len(ids)
        hits = self._search(self.names.passages, query.tolist(), MEANING, where, k, (), exact=True)
        return {int(hit.id): hit.score for hit in hits}

    # ------------------------------------------------------------ writing

    def put(
        self,
        collection: str,
        points: Sequence[models.PointStruct],
        *,
        only_where: models.Filter | None = None,
    ) -> None:
        """Write points whole; those that are there, only where they meet a condition."""
        for part in _parts(points, _POINTS_PER_REQUEST):
            self._ask(
                "upsert",
                collection_name=collection,
                points=list(part),
                wait=True,
                update_filter=only_where,
            )

    def set(self, collection: str, values: Payload, where: models.Filter) -> None:
        """Change some values of all points that meet a condition."""
        self._ask(
            "set_payload", collection_name=collection, payload=values, points=where, wait=True
        )

    def put_words(self, collection: str, vectors: Mapping[int, models.SparseVector]) -> None:
        """Put other words in the place of those of some points."""
        changed = [
            models.PointVectors(id=number, vector={WORDS: vector})
            for number, vector in vectors.items()
        ]
        for part in _parts(changed, _POINTS_PER_REQUEST):
            self._ask("update_vectors", collection_name=collection, points=list(part), wait=True)

    def remove(self, collection: str, where: models.Filter) -> None:
        """Remove the points that meet a condition."""
        self._ask("delete", collection_name=collection, points_selector=where, wait=True)

    def create(self, collection: str, **options: Any) -> None:  # noqa: ANN401 - the client's own
        """Make a collection; one that is there stays as it is."""
        if not self._ask("collection_exists", collection_name=collection):
            self._ask("create_collection", collection_name=collection, **options)
            self._requests.write_faster()

    def create_key(self, collection: str, key: str, schema: object) -> None:
        """Have the engine find points by a key of their payload fast."""
        if self.address.folder is None:  # there nothing comes of it but a warning
            self._ask(
                "create_payload_index",
                collection_name=collection,
                field_name=key,
                field_schema=schema,
                wait=True,
            )

    def drop(self, *collections: str) -> None:
        """Remove collections, with all that is in them."""
        for name in collections:
            self._ask("delete_collection", collection_name=name)

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        self._requests.close()


def _payload(keys: Sequence[str] | bool) -> bool | list[str]:
    return keys if isinstance(keys, bool) else (list(keys) or False)


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
