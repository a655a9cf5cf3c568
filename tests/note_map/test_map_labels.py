from __future__ import annotations

from itertools import combinations

import numpy as np

from notesearch.note_map.map_labels import MapLabel, label_regions
from notesearch.records import Facts


def around(x: float, y: float, notes: int = 30, seed: int = 1) -> np.ndarray:
    return np.array([x, y]) + np.random.default_rng(seed).normal(scale=0.02, size=(notes, 2))


def facts(*tags: str, folders: tuple[str, ...] = ()) -> Facts:
    return Facts(tags=tags, folder_tags=folders)


def test_regions_are_named_by_what_is_common_there_and_rare_elsewhere():
    places = np.concatenate([around(0.2, 0.2), around(0.8, 0.8)])
    notes = [facts("paper", "dpo")] * 30 + [facts("paper", "vit")] * 30
    labels = label_regions(places, notes)

    assert {label.text for label in labels} == {"dpo", "vit"}  # a paper is every note
    by_text = {label.text: label for label in labels}
    assert abs(by_text["dpo"].x - 0.2) < 0.03
    assert abs(by_text["vit"].y - 0.8) < 0.03


def test_labels_do_not_overlap_and_are_few():
    dice = np.random.default_rng(2)
    places = dice.random((3000, 2))
    notes = [facts(f"tag of cell {int(x * 12)} {int(y * 12)}") for x, y in places]
    labels = label_regions(places, notes)

    assert 10 < len(labels) <= 36
    for one, other in combinations(labels, 2):
        wide = (len(one.text) + len(other.text)) * 0.0095 / 2
        assert abs(one.x - other.x) >= wide or abs(one.y - other.y) >= 0.03


def test_written_tag_goes_before_the_name_of_the_folder():
    places = np.concatenate([around(0.3, 0.3), around(0.8, 0.8)])
    notes = [facts("graphs", folders=("inbox",))] * 30 + [facts(folders=("speech",))] * 30
    assert [label.text for label in label_regions(places, notes)] == ["graphs", "speech"]


def test_tag_is_written_as_most_notes_write_it():
    places = np.concatenate([around(0.2, 0.2, 9), around(0.9, 0.9)])
    notes = [facts("RLHF")] * 5 + [facts("rlhf")] * 4 + [facts()] * 30
    assert [label.text for label in label_regions(places, notes)] == ["RLHF"]


def test_nothing_is_named_after_one_or_two_notes():
    places = np.concatenate([around(0.2, 0.2, 2), around(0.9, 0.9)])
    assert label_regions(places, [facts("odd")] * 2 + [facts()] * 30) == ()


def test_no_notes_have_no_labels():
    assert label_regions(np.zeros((0, 2)), []) == ()
    assert label_regions(np.array([[0.5, 0.5]]), [facts("one")]) == ()
    three = label_regions(
        np.array([[0.5, 0.5]] * 3 + [[1.0, 0.0]] * 3), [facts("a")] * 3 + [facts()] * 3
    )
    assert three == (MapLabel("a", 0.5, 0.5),)
