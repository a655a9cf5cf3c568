"""Passages and vectors on disk: SQLite is the truth, FAISS is derived from it."""

from notesearch.index.check import check_index
from notesearch.index.snapshot import Snapshot
from notesearch.index.status import read_status
from notesearch.index.store import Store
from notesearch.index.update import UpdatePlan, preview_update, update_index

__all__ = [
    "Snapshot",
    "Store",
    "UpdatePlan",
    "check_index",
    "preview_update",
    "read_status",
    "update_index",
]
