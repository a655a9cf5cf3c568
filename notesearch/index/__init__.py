"""Passages and vectors on disk: SQLite is the truth, FAISS is derived from it."""
