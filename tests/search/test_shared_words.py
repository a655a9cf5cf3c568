"""The rare words of notes, and how far two notes share them."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.search.shared_words import SharedWords, read_rare_words

WORDS = ["robot", "arm", "the", "graph", "proof", "image"]


def words_of(*notes: Sequence[str]) -> SharedWords:
    places = [(row, WORDS.index(word)) for row, said in enumerate(notes) for word in said]
    rows, said = np.array(places, np.int64).reshape(-1, 2).T
    return SharedWords(WORDS, rows, said, len(notes))


def test_notes_share_words_as_far_as_the_angle_between_their_weights_is_small() -> None:
    shared = words_of(["robot", "arm"], ["robot", "graph"], ["proof", "image"])
    # All are of one length, so that a word said once counts by its rarity alone.
    common, lone = log(1 + (3 - 2 + 0.5) / (2 + 0.5)), log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    expected = common**2 / (common**2 + lone**2)
    assert shared.with_all(0).tolist() == pytest.approx([expected, expected, 0])
    assert shared.of_both(0, 1, 5) == ["robot"]


def test_commonest_words_of_the_language_count_for_nothing() -> None:
    assert words_of(["the", "arm"], ["the", "graph"]).with_all(0).tolist() == [0, 0]
    assert words_of(["the"], ["the"]).of_both(0, 1, 5) == []


def test_word_of_a_quarter_of_many_notes_counts_for_nothing() -> None:
    few = words_of(*[["robot", "arm"]] * 50, *[["graph"]] * 150)
    many = words_of(*[["robot", "arm"]] * 51, *[["graph"]] * 149)
    assert few.of_both(0, 1, 5) == ["robot", "arm"]
    assert many.of_both(0, 1, 5) == []


def test_words_that_make_two_notes_most_alike_come_first() -> None:
    notes = [["robot", "arm", "robot"], ["robot", "arm", "robot"], ["arm"], ["graph"]]
    assert words_of(*notes).of_both(0, 1, 5) == ["robot", "arm"]
    assert words_of(*notes).of_both(0, 1, 1) == ["robot"]


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=8), min_size=1, max_size=6))
def test_sharing_is_the_same_both_ways_and_at_most_whole(notes: list[list[str]]) -> None:
    shared = words_of(*notes)
    table = np.stack([shared.with_all(row) for row in range(len(notes))])
    assert np.allclose(table, table.T)
    assert table.min() >= 0
    assert table.max() <= 1 + 1e-9
    for row, other in np.argwhere(table > 0).tolist():
        assert {*notes[row]} & {*notes[other]} - {"the"}


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=8), min_size=1, max_size=6))
def test_sharing_is_what_the_weights_give_one_by_one(notes: list[list[str]]) -> None:
    shared = words_of(*notes)
    mean = sum(map(len, notes)) / len(notes)

    def weights(said: Sequence[str]) -> dict[str, float]:
        found = {}
        for word in {*said} - {"the"}:
            having = sum(word in other for other in notes)
            rarity = log(1 + (len(notes) - having + 0.5) / (having + 0.5))
            times, longer = said.count(word), len(said) / max(mean, 1)
            found[word] = times * 2.2 / (times + 1.2 * (0.25 + 0.75 * longer)) * rarity
        return found

    one = weights(notes[0])
    for row, other in enumerate(map(weights, notes[1:]), start=1):
        lengths = sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
        expected = sum(one[word] * other[word] for word in one.keys() & other) / max(lengths, 1e-9)
        assert shared.with_all(0)[row] == pytest.approx(expected)


def test_words_are_read_without_case_numbers_and_single_letters() -> None:
    assert read_rare_words("A Q-function of GPT-4o, 3D in 2026: 策略") == [
        *("function", "of", "gpt", "in", "策", "略"),
    ]
