"""Read the vectors out of a server's answer, which may hold anything."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray


class UnusableAnswerError(ValueError):
    """An answer that holds no vectors, in words that finish "the server …"."""


def read_vectors(body: bytes, texts: int) -> NDArray[np.float64]:
    """Return (texts, dimension) float64 in the order of the texts, finite, not yet of length 1."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:  # also bytes that are no UTF-8
        raise UnusableAnswerError("gave no JSON") from error
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise UnusableAnswerError("gave no list of embeddings")
    if len(data) != texts:
        raise UnusableAnswerError(f"gave {len(data)} embeddings for {texts} texts")
    by_index = {item["index"]: item for item in data if type(item.get("index")) is int}
    if by_index.keys() != set(range(texts)):
        raise UnusableAnswerError("did not say which embedding is of which text")
    rows = [_read_row(by_index[index].get("embedding")) for index in range(texts)]
    if len({len(row) for row in rows}) != 1 or not len(rows[0]):
        raise UnusableAnswerError("gave embeddings of several lengths, or empty ones")
    vectors = np.stack(rows)
    if not np.isfinite(vectors).all():
        raise UnusableAnswerError("gave embeddings with values that are no numbers")
    return vectors


def _read_row(embedding: object) -> NDArray[np.float64]:
    """Return one vector from a list of numbers, or from base64 of little-endian float32."""
    if isinstance(embedding, str):
        try:
            numbers = np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
        except ValueError as error:
            raise UnusableAnswerError("gave an embedding that is no base64 of numbers") from error
        return numbers.astype(np.float64)
    if not isinstance(embedding, list) or not all(type(n) in (int, float) for n in embedding):
        raise UnusableAnswerError("gave an embedding that is no list of numbers")
    try:
        return np.array(embedding, dtype=np.float64)
    except OverflowError as error:  # a whole number of 400 digits
        raise UnusableAnswerError("gave embeddings with values that are no numbers") from error


def read_reason(body: bytes) -> str:
    """Return what a refusal says for people, in one printable line; "" where it says nothing."""
    found: Any = body[:10_000].decode("utf-8", "replace")
    try:
        found = json.loads(body[:10_000])
    except (ValueError, RecursionError):
        if found.lstrip().startswith("<"):  # a page of some proxy
            return ""
    for key in ("error", "message"):  # {"error": {"message": …}}, {"error": …}, {"message": …}
        if isinstance(found, dict):
            found = found.get(key) or found.get("detail") or found
    if not isinstance(found, str):
        return ""
    shown = "".join(c if c.isprintable() else " " for c in found)
    return " ".join(shown.split())[:200]
