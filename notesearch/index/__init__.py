"""Passages and vectors on disk: SQLite is the truth, FAISS is derived from it."""

from notesearch.index.snapshot import Snapshot
from notesearch.index.store import Store
from notesearch.index.update import UpdatePlan, preview_update, update_index

__all__ = ["Snapshot", "Store", "UpdatePlan", "preview_update", "update_index"]
