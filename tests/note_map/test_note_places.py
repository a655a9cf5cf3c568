from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from notesearch.index.map_file import KeptPlaces
from notesearch.note_map.note_places import place_notes
from tests.note_map.clusters import DIMENSION, clustered, share_kept

VECTORS = clustered(300, 10)
NAMES = [f"{number}.md" for number in range(300)]


def placed(known: KeptPlaces | None, numbers: range | list[int]) -> KeptPlaces:
    return place_notes(known, [NAMES[n] for n in numbers], VECTORS[list(numbers)], "words")


def test_places_fill_the_square_with_a_margin():
    places = np.array([place[:2] for place in placed(None, range(300)).places.values()])
    low, high = places.min(axis=0), places.max(axis=0)
    assert low.min() == pytest.approx(0.04, abs=1e-4)
    assert high.max() == pytest.approx(0.96, abs=1e-4)
    assert (high - low).min() > 0.5


def test_nothing_moves_when_nothing_changes():
    first = placed(None, range(300))
    assert placed(first, range(300)) == first


def test_notes_that_stay_keep_their_place_exactly():
    first = placed(None, range(200))
    second = placed(first, range(20, 260))
    for number in range(20, 200):
        assert second.places[NAMES[number]] == first.places[NAMES[number]]
    assert list(second.places) == NAMES[20:260]
    assert second.settled == 60
    xy = np.array([place[:2] for place in second.places.values()])
    assert share_kept(VECTORS[20:260], xy) > 0.85
    assert ((xy >= 0) & (xy <= 1)).all()


def test_where_most_are_new_all_are_laid_out_anew_and_the_picture_does_not_turn():
    first = placed(None, range(140))
    second = placed(first, range(300))
    assert second.settled == 0
    assert second.places[NAMES[0]] != first.places[NAMES[0]]
    both = [(first.places[name][:2], second.places[name][:2]) for name in NAMES[:140]]
    before, after = np.array(both).transpose(1, 0, 2)
    assert np.corrcoef((before - 0.5).ravel(), (after - 0.5).ravel())[0, 1] > 0.8


def test_notes_that_come_one_by_one_are_laid_out_anew_in_the_end():
    known = placed(None, range(10))
    layouts = 1
    for count in range(11, 60):
        known = placed(known, range(count))
        layouts += known.settled == 0
    assert layouts == 3  # of 10, 21 and 43 notes: each time more were new than were there


def test_renamed_note_keeps_its_place():
    first = placed(None, range(100))
    names = ["new.md", *NAMES[1:100]]
    second = place_notes(first, names, VECTORS[:100], "words")
    assert second.places["new.md"] == first.places[NAMES[0]]
    assert second.settled == 0


def test_note_of_a_few_other_words_stays_and_one_of_another_text_moves():
    first = placed(None, range(100))
    vectors = VECTORS[:100].copy()
    vectors[0] += 0.1 * np.eye(DIMENSION, dtype=np.float32)[0]
    vectors[0] /= np.linalg.norm(vectors[0])
    assert place_notes(first, NAMES[:100], vectors, "words") == first

    vectors[0] = VECTORS[101]  # of another cluster
    second = place_notes(first, NAMES[:100], vectors, "words")
    moved, host = (np.array(second.places[NAMES[n]][:2]) for n in (0, 1))
    assert second.settled == 1
    assert np.linalg.norm(moved - host) < np.linalg.norm(first.places[NAMES[0]][:2] - host)


def test_places_of_other_notes_alone_are_no_start():
    other = replace(placed(None, range(20)), places={}, settled=0)
    assert placed(other, range(50)) == placed(None, range(50))


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_notes_have_a_map_that_grows_and_shrinks(count: int):
    first = placed(None, range(count))
    assert len(first.places) == count
    more = placed(first, range(count + 1))
    assert len(more.places) == count + 1
    assert placed(more, range(count)).places.keys() == first.places.keys()
    for place in more.places.values():
        assert 0 <= place.x <= 1
        assert 0 <= place.y <= 1


def test_single_note_stands_in_the_middle():
    assert placed(None, range(1)).places[NAMES[0]][:2] == (0.5, 0.5)
