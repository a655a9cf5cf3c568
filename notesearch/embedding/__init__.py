"""Texts to vectors: the protocol, sentence-transformers, its compiled form, the offline default."""

from __future__ import annotations

from notesearch.embedding.batching import embed_stream
from notesearch.embedding.choice import ModelChoice, Precision
from notesearch.embedding.load import ModelWarning, fingerprint_of, load_counter, load_embedder
from notesearch.embedding.protocol import Embedder, TokenCounter

__all__ = [
    "Embedder",
    "ModelChoice",
    "ModelWarning",
    "Precision",
    "TokenCounter",
    "embed_stream",
    "fingerprint_of",
    "load_counter",
    "load_embedder",
]
