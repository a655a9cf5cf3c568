"""Texts to vectors: the protocol, sentence-transformers, its compiled form, the offline default.

`reranking/` holds what reads question and passage together; it is imported by those who use it.
"""

from __future__ import annotations

from notesearch.embedding.batching import embed_stream
from notesearch.embedding.model_choice import ModelChoice, Precision, RerankerChoice
from notesearch.embedding.models import fingerprint_of, load_counter, load_embedder
from notesearch.embedding.protocol import Embedder, Reranker

__all__ = [
    "Embedder",
    "ModelChoice",
    "Precision",
    "Reranker",
    "RerankerChoice",
    "embed_stream",
    "fingerprint_of",
    "load_counter",
    "load_embedder",
]
