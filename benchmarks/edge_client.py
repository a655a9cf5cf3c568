"""Qdrant's engine inside this process, asked as a client asks a server.

`qdrant-edge-py` has the segments, graphs and indexes of a Qdrant server, one shard to a folder. It
has no network, no replicas, and brings segments in order when it is told to; so it shows what an
index costs, and not what a way to a server adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import qdrant_edge as edge
from qdrant_client import models

_NO_VECTOR = "none"  # a shard has to have one, and the records of an index have none


@dataclass(frozen=True, slots=True)
class Found:
    """A point, with as much of it as was asked for."""

    id: int | str
    payload: dict[str, Any] | None
    vector: dict[str, Any] | None
    score: float = 0.0


class EdgeClient:
    """Stands where `qdrant_client.QdrantClient` does, for what notesearch asks of one."""

    def __init__(self, folder: Path) -> None:
        """Open the collections that lie in a folder; each is a folder in it."""
        self._folder = folder
        self.shards = {
            path.name: edge.EdgeShard.load(str(path))
            for path in sorted(folder.iterdir() if folder.exists() else ())
        }

    def close(self) -> None:
        """Write everything, and close the files."""
        for shard in self.shards.values():
            shard.flush()
            shard.close()
        self.shards.clear()

    def optimize(self) -> None:
        """Make graphs and indexes of what was written, as a server does by itself."""
        for shard in self.shards.values():
            shard.optimize()

    # ------------------------------------------------------------ collections

    def collection_exists(self, collection_name: str) -> bool:
        """Return whether there is such a collection."""
        return collection_name in self.shards

    def create_collection(
        self,
        collection_name: str,
        vectors_config: dict[str, models.VectorParams],
        sparse_vectors_config: dict[str, models.SparseVectorParams] | None = None,
        quantization_config: models.ScalarQuantization | None = None,
        on_disk_payload: bool | None = None,
    ) -> None:
        """Make a collection."""
        nothing = {} if vectors_config else {_NO_VECTOR: models.SparseVectorParams()}
        sparse = sparse_vectors_config or nothing
        rounding = quantization_config.scalar if quantization_config else None
        config = edge.EdgeConfig(
            vectors={name: _dense(vector) for name, vector in vectors_config.items()},
            sparse_vectors={
                name: edge.EdgeSparseVectorParams(
                    on_disk=vector.index.on_disk if vector.index else None
                )
                for name, vector in sparse.items()
            },
            on_disk_payload=on_disk_payload,
            quantization_config=rounding
            and edge.ScalarQuantizationConfig(
                edge.ScalarType.Int8, quantile=rounding.quantile, always_ram=rounding.always_ram
            ),
        )
        path = self._folder / collection_name
        path.mkdir(parents=True)
        self.shards[collection_name] = edge.EdgeShard.create(str(path), config)

    def create_payload_index(
        self, collection_name: str, field_name: str, field_schema: object, wait: bool
    ) -> None:
        """Find points by a key."""
        operation = edge.UpdateOperation.create_field_index(field_name, _schema(field_schema))
        self.shards[collection_name].update(operation)

    # ------------------------------------------------------------ writing

    def upsert(
        self,
        collection_name: str,
        points: Sequence[models.PointStruct],
        wait: bool,
        update_filter: models.Filter | None,
    ) -> None:
        """Write points whole."""
        made = [edge.Point(point.id, _vectors(point.vector), point.payload) for point in points]
        where = _filter(update_filter) if update_filter else None
        self.shards[collection_name].update(edge.UpdateOperation.upsert_points(made, where))

    # ------------------------------------------------------------ reading

    def retrieve(
        self,
        collection_name: str,
        ids: Sequence[int | str],
        with_payload: bool | list[str],
        with_vectors: bool | list[str],
    ) -> list[Found]:
        """Return points by their ids."""
        found = self.shards[collection_name].retrieve(list(ids), with_payload, with_vectors)
        return [_found(record) for record in found]

    def scroll(
        self,
        collection_name: str,
        scroll_filter: models.Filter,
        limit: int,
        offset: int | str | None,
        with_payload: bool | list[str],
        with_vectors: bool | list[str],
    ) -> tuple[list[Found], int | str | None]:
        """Return a page of the points that meet a condition, and where the next one begins."""
        request = edge.ScrollRequest(
            offset=offset,
            limit=limit,
            filter=_filter(scroll_filter),
            with_payload=with_payload,
            with_vector=with_vectors,
        )
        found, following = self.shards[collection_name].scroll(request)
        return [_found(record) for record in found], following

    def count(
        self, collection_name: str, count_filter: models.Filter, exact: bool
    ) -> SimpleNamespace:
        """Count the points that meet a condition."""
        request = edge.CountRequest(exact=exact, filter=_filter(count_filter))
        return SimpleNamespace(count=self.shards[collection_name].count(request))

    def facet(
        self,
        collection_name: str,
        key: str,
        facet_filter: models.Filter,
        limit: int,
        exact: bool,
    ) -> edge.FacetResponse:
        """Count the points that have each value of a key."""
        request = edge.FacetRequest(key, limit, exact, _filter(facet_filter))
        return self.shards[collection_name].facet(request)

    def query_points(
        self,
        collection_name: str,
        query: list[float] | models.SparseVector,
        using: str,
        query_filter: models.Filter,
        search_params: models.SearchParams | None,
        limit: int,
        with_payload: bool | list[str],
    ) -> SimpleNamespace:
        """Return the points nearest to a vector, or of the greatest sum of words."""
        request = edge.SearchRequest(
            query=edge.Query.Nearest(_vector(query), using=using),
            limit=limit,
            filter=_filter(query_filter),
            params=_parameters(search_params) if search_params else None,
            with_payload=with_payload,
        )
        found = self.shards[collection_name].search(request)
        return SimpleNamespace(
            points=[Found(hit.id, hit.payload, None, hit.score) for hit in found]
        )


# ---------------------------------------------------------------- as the engine has it


def _dense(vector: models.VectorParams) -> edge.EdgeVectorParams:
    return edge.EdgeVectorParams(
        vector.size,
        getattr(edge.Distance, vector.distance.value),
        on_disk=vector.on_disk,
        datatype=getattr(edge.VectorStorageDatatype, (vector.datatype or "float32").capitalize()),
    )


def _schema(schema: object) -> object:
    if isinstance(schema, models.PayloadSchemaType):
        return getattr(edge.PayloadSchemaType, schema.value.capitalize())
    given = {
        name: value
        for name, value in schema.model_dump(exclude_none=True).items()  # type: ignore[attr-defined]
        if name != "type"
    }
    if "tokenizer" in given:
        given["tokenizer"] = getattr(edge.TokenizerType, given["tokenizer"].value.capitalize())
    return getattr(edge, type(schema).__name__)(**given)


def _vectors(vectors: object) -> dict[str, object]:
    assert isinstance(vectors, dict)
    return {name: _vector(vector) for name, vector in vectors.items()}


def _vector(vector: object) -> object:
    if isinstance(vector, models.SparseVector):
        return edge.SparseVector(vector.indices, vector.values)
    return vector


def _parameters(asked: models.SearchParams) -> edge.SearchParams:
    rounded = asked.quantization
    return edge.SearchParams(
        hnsw_ef=asked.hnsw_ef,
        exact=bool(asked.exact),
        quantization=rounded
        and edge.QuantizationSearchParams(
            ignore=bool(rounded.ignore),
            rescore=rounded.rescore,
            oversampling=rounded.oversampling,
        ),
    )


def _filter(where: models.Filter) -> edge.Filter:
    return edge.Filter(
        must=list(_conditions(where.must)),
        should=list(_conditions(where.should)) or None,
        must_not=list(_conditions(where.must_not)),
    )


def _conditions(conditions: object) -> Iterator[object]:
    for condition in conditions or ():  # type: ignore[attr-defined]
        match condition:
            case models.Filter():
                yield _filter(condition)
            case models.HasIdCondition(has_id=ids):
                yield edge.HasIdCondition(set(ids))
            case models.FieldCondition(key=key, match=models.MatchValue(value=value)):
                yield edge.FieldCondition(key, match=edge.MatchValue(value))
            case models.FieldCondition(key=key, match=models.MatchAny(any=values)):
                yield edge.FieldCondition(key, match=edge.MatchAny(values))
            case models.FieldCondition(key=key, match=models.MatchPhrase(phrase=phrase)):
                yield edge.FieldCondition(key, match=edge.MatchPhrase(phrase))
            case models.FieldCondition(key=key, range=models.Range(gte=least, lte=most)):
                yield edge.FieldCondition(key, range=edge.RangeFloat(gte=least, lte=most))
            case _:
                raise TypeError(f"{condition!r} is not among what notesearch asks")


def _found(record: edge.Record) -> Found:
    point = record.id if isinstance(record.id, int) else str(record.id)
    return Found(point, record.payload, record.vector)
