"""A question and passages in, how well each answers it out: cross-encoders, compiled as embedders.

Nothing here is imported where the settings name no cross-encoder.
"""

from __future__ import annotations

from notesearch.embedding.reranking.load import load_reranker

__all__ = ["load_reranker"]
