"""Vectors in clusters, and how much of who is near whom a map keeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIMENSION = 32


def clustered(notes: int, clusters: int, seed: int = 1) -> NDArray[np.float32]:
    """Return vectors of length 1, note n in cluster n % clusters."""
    dice = np.random.default_rng(seed)
    centres = dice.normal(size=(clusters, DIMENSION))
    vectors = centres[np.arange(notes) % clusters] + 0.5 * dice.normal(size=(notes, DIMENSION))
    scaled = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled.astype(np.float32)


def nearest(table: NDArray[np.floating], count: int) -> list[set[int]]:
    """Return of each row the nearest others by distance, all pairs compared."""
    apart = ((table[:, None, :] - table[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return [set(row[:count].tolist()) for row in np.argsort(apart, axis=1)]


def share_kept(vectors: NDArray[np.float32], places: NDArray[np.floating]) -> float:
    """Return which share of the ten nearest are among the thirty nearest on the map."""
    pairs = zip(nearest(vectors, 10), nearest(places, 30), strict=True)
    return float(np.mean([len(meant & shown) / 10 for meant, shown in pairs]))


def first_components(vectors: NDArray[np.float32]) -> NDArray[np.floating]:
    centred = vectors - vectors.mean(axis=0)
    return centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
