"""Lay notes out in two dimensions, so that those of like meaning stand side by side.

Each note is drawn to the notes nearest to it by cosine and pushed off by all others, as in t-SNE
with the same weight for each neighbour. All vectors here are rows of length 1, in float32; places
are (notes, 2) float32 in a measure in which the nearest notes come to stand about 1 apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]

# Of the ten nearest of 4,299 real notes, 0.653 are among the thirty nearest here with 10
# neighbours, 0.645 with 12, 0.630 with 15; of 107 notes 0.833, 0.797 and 0.822.
_NEIGHBOURS = 10
_MOST_OF_ALL = 1 / 3  # of few notes, or all would be neighbours
_ROUNDS = 250
# Neighbours draw this much harder in the first rounds, so that they find each other.
_FIRST_ROUNDS = 80
_FIRST_PULL = 12.0
_SETTLING_ROUNDS = 100
_LONGEST_STEP = 5.0
_AT_ONCE = 1_000_000  # numbers in a table of notes by notes: 4 MB
_LEAST_SAMPLE = 100
_SEED = 16
_TINY = 1e-9


def lay_out(vectors: Rows, start: Rows | None = None) -> Rows:
    """Return places for all notes; from where they stood in `start`, the picture does not turn.

    The same vectors give the same places. 5,000 notes take some 3 s of a processor.
    """
    count = len(vectors)
    if count < 2:
        return np.zeros((count, 2), dtype=np.float32)
    dice = np.random.default_rng(_SEED)
    places = _first_components(vectors, dice) if start is None else start - start.mean(axis=0)
    places = places / max(float(places.std()), _TINY) * 1e-2
    # Notes of the same text begin apart, or nothing would ever part them.
    places = (places + dice.normal(scale=1e-4, size=places.shape)).astype(np.float32)
    moving = np.arange(count)
    links = _both_ways(nearest_notes(vectors, moving, _neighbours_among(count)), count)
    step = max(1 / 3, 40 / count)  # more where few notes have little to push them
    first = _Descent(places, links, moving, step, dice)
    first.run(_FIRST_ROUNDS, pull=_FIRST_PULL, momentum=0.5)
    first.run(_ROUNDS - _FIRST_ROUNDS, pull=1.0, momentum=0.8)
    return first.places


def settle(vectors: Rows, places: Rows, new: NDArray[np.int64]) -> Rows:
    """Return the places with those of new notes: beside their nearest, and nothing else moves.

    What `places` holds in the rows of `new` does not count; at least one row is not new.
    """
    dice = np.random.default_rng(_SEED)
    known = np.setdiff1d(np.arange(len(vectors)), new)
    hosts = known[_best(vectors[new], vectors[known])]
    places = places.astype(np.float32)
    places[new] = places[hosts] + dice.normal(scale=0.1, size=(len(new), 2)).astype(np.float32)
    near = nearest_notes(vectors, new, _neighbours_among(len(vectors)))
    weights = np.full(near.size, 1 / near.shape[1], dtype=np.float32)
    links = _Links(np.repeat(np.arange(len(new)), near.shape[1]), near.ravel(), weights)
    descent = _Descent(places, links, new, 1 / 3, dice)
    descent.run(_SETTLING_ROUNDS, pull=1.0, momentum=0.8)
    return descent.places


def _neighbours_among(count: int) -> int:
    return max(1, min(_NEIGHBOURS, int((count - 1) * _MOST_OF_ALL)))


def nearest_notes(vectors: Rows, asked: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return for some rows the other rows of greatest cosine: (asked, count), best first."""
    dice = np.random.default_rng(_SEED)
    near = np.empty((len(asked), count), dtype=np.int64)
    rows = max(1, _AT_ONCE // len(vectors))
    for start in range(0, len(asked), rows):
        some = asked[start : start + rows]
        cosines = vectors[some] @ vectors.T
        # Of many copies of a text, each gets neighbours of its own: else the same few draw all the
        # others, which come to stand in one point.
        cosines += dice.random(cosines.shape, dtype=np.float32) * np.float32(1e-5)
        cosines[np.arange(len(some)), some] = -np.inf
        best = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(cosines, best, 1), axis=1, kind="stable")
        near[start : start + rows] = np.take_along_axis(best, order, 1)
    return near


def _best(asked: Rows, known: Rows) -> NDArray[np.int64]:
    """Return for each row the one of `known` of greatest cosine."""
    rows = max(1, _AT_ONCE // len(known))
    parts = [(asked[at : at + rows] @ known.T).argmax(axis=1) for at in range(0, len(asked), rows)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _first_components(vectors: Rows, dice: np.random.Generator) -> Rows:
    """Return the two first principal components, by a power iteration."""
    centred = vectors - vectors.mean(axis=0)
    axes = dice.normal(size=(vectors.shape[1], 2)).astype(np.float32)
    for _ in range(20):
        axes = np.linalg.qr(centred.T @ (centred @ axes))[0]
    components = np.zeros((len(vectors), 2), dtype=np.float32)
    components[:, : axes.shape[1]] = centred @ axes  # vectors of one number have one
    return components


@dataclass(frozen=True, slots=True, eq=False)
class _Links:
    """Who is drawn to whom, and how much; in ascending order of who, with one at least for each."""

    who: NDArray[np.int64]  # position among those that move
    to: NDArray[np.int64]
    weights: Rows  # in sum about 1 for each who


def _both_ways(near: NDArray[np.int64], count: int) -> _Links:
    """Link each note with its nearest, and them with it."""
    who, to = np.repeat(np.arange(count), near.shape[1]), near.ravel()
    pairs, times = np.unique(
        np.concatenate([who * count + to, to * count + who]), return_counts=True
    )
    return _Links(pairs // count, pairs % count, (times / (2 * near.shape[1])).astype(np.float32))


class _Descent:
    """Moves some of the notes step by step down the slope, which has a memory of its last steps."""

    def __init__(
        self,
        places: Rows,
        links: _Links,
        moving: NDArray[np.int64],
        step: float,
        dice: np.random.Generator,
    ) -> None:
        self.places = places
        self._links = links
        self._moving = moving
        self._step = step
        self._dice = dice
        self._starts = np.flatnonzero(np.diff(links.who, prepend=-1))
        self._speed = np.zeros((len(moving), 2), dtype=np.float32)
        self._gains = np.ones_like(self._speed)
        self._all_move = len(moving) == len(places)
        self._nearness = 0.0  # of all pairs in sum; of samples, so that the last ones are averaged

    def run(self, rounds: int, *, pull: float, momentum: float) -> None:
        """Go on for some rounds."""
        if not len(self._moving):
            return
        if not self._all_move:
            self._push(np.arange(len(self.places)))
        for _ in range(rounds):
            slope = pull * self._pull() - self._push(self._moving)
            against = slope * self._speed < 0
            self._gains = np.clip(
                np.where(against, self._gains + 0.2, self._gains * 0.8), 0.01, None
            )
            self._speed = momentum * self._speed - self._step * self._gains * slope
            lengths = np.linalg.norm(self._speed, axis=1, keepdims=True)
            self._speed /= np.maximum(lengths / _LONGEST_STEP, 1)
            self.places[self._moving] += self._speed
            if self._all_move:
                self.places -= self.places.mean(axis=0)

    def _pull(self) -> Rows:
        """Return how the linked notes draw each that moves, away from them."""
        links = self._links
        apart = self.places[self._moving[links.who]] - self.places[links.to]
        forces = (links.weights / (1 + (apart * apart).sum(axis=1)))[:, None] * apart
        return np.add.reduceat(forces, self._starts, axis=0)

    def _push(self, moving: NDArray[np.int64]) -> Rows:
        """Return how all notes push off some: of many notes, a sample stands for all."""
        count = len(self.places)
        most = max(_AT_ONCE // len(moving), _LEAST_SAMPLE)
        sample = (
            np.arange(count) if count <= most else self._dice.choice(count, most, replace=False)
        )
        share = count / len(sample)
        pushed, pushing = self.places[moving], self.places[sample]
        # No product of matrices: with two numbers a row, its threads wait for each other, and take
        # 1.5 times the processor's time.
        near = pushed[:, :1] - pushing[:, 0]
        near *= near
        across = pushed[:, 1:] - pushing[:, 1]
        across *= across
        near += across
        near += 1
        np.reciprocal(near, out=near)
        if len(moving) == count:
            nearness = float(near.sum()) * share - count
            is_exact = share == 1 or not self._nearness
            self._nearness = nearness if is_exact else 0.9 * self._nearness + 0.1 * nearness
        near *= near
        pushes = [np.einsum("ij,j->i", near, column) for column in pushing.T]
        forces: Rows = pushed * near.sum(axis=1)[:, None] - np.stack(pushes, axis=1)
        return forces * np.float32(share * count / max(self._nearness, _TINY))
