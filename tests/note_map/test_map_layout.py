from __future__ import annotations

import numpy as np
import pytest

from notesearch.note_map.map_layout import lay_out, nearest_notes, settle
from tests.note_map.clusters import clustered, first_components, nearest, share_kept


def test_same_vectors_give_the_same_places():
    vectors = clustered(300, 10)
    assert np.array_equal(lay_out(vectors), lay_out(vectors))


def test_neighbours_stay_neighbours_far_better_than_by_principal_components():
    vectors = clustered(600, 40)
    kept = share_kept(vectors, lay_out(vectors))
    assert kept > 0.9
    assert kept > 1.5 * share_kept(vectors, first_components(vectors))


def test_clusters_come_apart():
    vectors = clustered(400, 8)
    places = lay_out(vectors)
    own = [{at % 8 for at in near} == {number % 8} for number, near in
           enumerate(nearest(places, 5))]  # fmt: skip
    assert np.mean(own) > 0.98


def test_many_notes_push_each_other_by_samples_and_come_apart_too(monkeypatch):
    from notesearch.note_map import map_layout

    monkeypatch.setattr(map_layout, "_AT_ONCE", 60_000)  # 100 of 600 push at a time
    vectors = clustered(600, 20)
    assert share_kept(vectors, lay_out(vectors)) > 0.9


def test_layout_that_starts_from_another_does_not_turn():
    vectors = clustered(400, 12)
    turned = lay_out(vectors)[:, ::-1] * np.float32(-1)
    again = lay_out(vectors, start=turned)
    likeness = np.corrcoef(again.ravel(), turned.ravel())[0, 1]
    assert likeness > 0.8
    assert likeness > np.corrcoef(again.ravel(), lay_out(vectors).ravel())[0, 1]


@pytest.mark.parametrize("notes", [0, 1, 2, 3, 5, 13])
def test_few_notes_have_places(notes: int):
    places = lay_out(clustered(notes, 3))
    assert places.shape == (notes, 2)
    assert np.isfinite(places).all()
    assert len({tuple(place) for place in places.tolist()}) == notes


@pytest.mark.parametrize("start", [False, True])
def test_notes_of_the_same_text_do_not_cover_each_other(start: bool):
    vectors = np.repeat(clustered(1, 1), 40, axis=0)
    places = lay_out(vectors, np.zeros((40, 2), dtype=np.float32) if start else None)
    assert np.isfinite(places).all()
    assert len({tuple(place) for place in places.round(2).tolist()}) == 40


def test_vectors_of_zeros_and_of_one_dimension_have_places():
    for vectors in (np.zeros((6, 4)), np.ones((6, 1))):
        places = lay_out(vectors.astype(np.float32))
        assert places.shape == (6, 2)
        assert np.isfinite(places).all()


def test_only_new_notes_move_and_they_settle_among_their_own():
    vectors = clustered(420, 12)
    new = np.arange(400, 420)
    places = np.zeros((420, 2), dtype=np.float32)
    places[:400] = lay_out(vectors[:400])
    settled = settle(vectors, places, new)

    assert np.array_equal(settled[:400], places[:400])
    for number in new.tolist():
        around = nearest(settled, 5)[number]
        assert sum(at % 12 == number % 12 for at in around) >= 4


def test_new_note_among_few_stands_beside_its_nearest():
    vectors = clustered(4, 2)  # 0 and 2 are alike, and 1 and 3
    places = np.array([[-5, 0], [5, 0], [-4, 0], [0, 0]], dtype=np.float32)
    settled = settle(vectors, places, np.array([3]))
    assert abs(settled[3, 0] - 5) < 3


def test_nearest_notes_are_those_of_all_pairs():
    vectors = clustered(200, 7)
    found = nearest_notes(vectors, np.arange(5, 200), 10)
    assert [set(row) for row in found.tolist()] == nearest(vectors, 10)[5:]
