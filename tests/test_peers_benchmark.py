"""The comparison with other engines, as far as it needs none of them."""

from __future__ import annotations

import json

import pytest

from benchmarks import peer_worker
from benchmarks.peer_engines import PEERS
from benchmarks.peer_passages import PassageFiles, passes, write_passages
from benchmarks.peers import table


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("peers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTESEARCH_DATA", str(folder))  # made-up words
        write_passages(folder / "passages", 1000)
    return PassageFiles(folder / "passages")


@pytest.fixture(scope="module")
def index_dir(files):
    peer_worker.measure_build(PEERS["notesearch"].make(files, files.folder.parent / "index"))
    return files.folder.parent / "index"


def test_a_passage_has_its_own_vector_and_a_question_is_near_one(files):
    passages = list(files.passages())
    assert files.read_note(7) == passages[70:80]
    found = files.embed([passage.text for passage in passages[70:80]])
    assert (found == files.vectors[70:80]).all()
    cosines = files.embed(files.questions) @ files.vectors[:].astype("f4").T
    assert (cosines.max(axis=1) > 0.8).all()


@pytest.mark.parametrize("where", ["2 %", "50 %"])
def test_the_filter_of_a_query_line_lets_through_what_the_others_do(files, index_dir, where):
    engine = PEERS["notesearch"].make(files, index_dir)
    engine.open()
    found = {number for question in files.questions for number in engine.ask(question, where)}
    assert found
    assert all(passes(number, where) for number in found)


def test_exact_vectors_find_what_every_cosine_says(files, index_dir):
    exact = {"meaning": peer_worker.find_exactly(files)["meaning"]}
    (files.folder / "exact.json").write_text(json.dumps(exact))
    engine = PEERS["notesearch"].make(files, index_dir)
    assert peer_worker.measure_overlap(engine, files)["meaning"] > 0.99


def test_a_changed_note_is_found(files, index_dir):
    engine = PEERS["notesearch"].make(files, index_dir)
    assert peer_worker.measure_change(engine, files).keys() == {"seconds", "written_mb"}


def test_the_table_says_what_was_not_measured():
    asked = {"cold_seconds": 1, "ms": 2, "ms_p90": 3, "hits": 10, "peak_mb": 4}
    measured = {50: {"notesearch": {"ask none": asked}, "txtai": {"ask none": asked | {"ms": 5}}}}
    own, other = list(table(measured))[2:]
    assert own == (
        "| 50 | notesearch | – | – | – | 1.00 | 2.0 (3.0) | – | – | 4 | – | – | – | – | 1.0 |"
    )
    assert other.endswith("| 2.5 |")
