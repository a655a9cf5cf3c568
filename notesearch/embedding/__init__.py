"""Turn texts into vectors, and score passages against a question."""

from __future__ import annotations

from notesearch.embedding.graph_engine import silenced
from notesearch.embedding.model_choice import ModelChoice, Precision, RerankerChoice
from notesearch.embedding.models import (
    fingerprint_of,
    load_counter,
    load_embedder,
    load_reranker,
)
from notesearch.embedding.protocol import Embedder, Reranker

__all__ = [
    "Embedder",
    "ModelChoice",
    "Precision",
    "Reranker",
    "RerankerChoice",
    "fingerprint_of",
    "load_counter",
    "load_embedder",
    "load_reranker",
    "silenced",
]
