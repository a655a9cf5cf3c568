"""Updates of an index in an engine: whole generations, interruptions, other models, damage."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from notesearch import Index
from notesearch.engine_address import read_engine_address
from notesearch.errors import LockedError, MismatchError, NotesearchError, UsageError
from notesearch.index.qdrant.engine_connection import connect
from notesearch.index.qdrant.engine_errors import EngineError
from notesearch.index.qdrant.engine_state import STATE_ID, read_engine_state
from notesearch.index.qdrant.point_conditions import all_of, is_value, is_within
from notesearch.index.qdrant.writer_lease import LEASE_ID, LEASE_S, WriterLease, writer_lease
from tests.conftest import NOTES, write_notes
from tests.fakes import WordEmbedder
from tests.index.qdrant.conftest import VOCABULARY, open_index

WRITES = ("upsert", "set_payload", "delete", "update_vectors", "create_collection")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    write_notes(tmp_path / "notes")
    return tmp_path / "notes"


@pytest.fixture
def index(address: str, embedder: WordEmbedder, notes: Path):
    with open_index(address, embedder) as index:
        index.update(notes)
        yield index


def paths(index: Index, question: str = "policy reward model image") -> list[str]:
    return [hit.path for hit in index.query(question, per_note=1)]


@pytest.fixture
def changed(place: str, embedder: WordEmbedder, notes: Path):
    """An index in each place, whose notes have changed since."""
    with open_index(place, embedder) as index:
        index.update(notes)
        (notes / "rl/dpo.md").unlink()
        (notes / "rl/ppo.md").rename(notes / "rl/proximal.md")
        vit = notes / "vision/vit.md"
        vit.write_text(vit.read_text().replace("image", "robot"))
        (notes / "new.md").write_text("# Agents\n\nAn agent has a tool.\n")
        yield index


def test_update_finds_what_was_added_changed_renamed_and_removed(changed: Index):
    report = changed.update()
    assert report.added == ("new.md",)
    assert report.changed == ("vision/vit.md",)
    assert report.renamed == (("rl/ppo.md", "rl/proximal.md"),)
    assert report.removed == ("rl/dpo.md",)
    assert (report.unchanged, report.notes, report.generation) == (2, 5, 2)
    assert [note.path for note in changed.notes("path:rl")] == ["rl/proximal.md"]
    assert changed.query("agent tool")[0].path == "new.md"
    assert changed.update().is_unchanged
    assert changed.check() == ()


def test_status_and_drift_count_what_an_update_would_do(changed: Index):
    drift = changed.drift()
    assert drift == changed.status().drift
    assert (drift.added, drift.changed, drift.removed) == (2, 1, 2)
    assert changed.update(dry_run=True).dry_run
    assert changed.drift() == drift


def test_a_word_is_as_rare_as_the_notes_that_are_left_say(changed: Index, embedder, tmp_path):
    changed.update()
    with open_index(str(tmp_path / "anew"), embedder) as anew:
        anew.update(tmp_path / "notes")
        for word in ("robot", "image", "reward", "agent", "proximal"):
            found = [hit.bm25 for hit in changed.query(word, mode="lexical")]
            expected = [hit.bm25 for hit in anew.query(word, mode="lexical")]
            assert found == pytest.approx(expected, rel=0.2)  # by lengths as they were


def test_a_question_sees_one_generation_whatever_a_writer_does(index: Index, notes: Path):
    before = paths(index)
    with index._snapshot() as snapshot:
        ids = snapshot.table.passage_ids.tolist()
        (notes / "rl/dpo.md").unlink()
        (notes / "vision/vit.md").write_text("# Robots\n\nA robot sees.\n")
        index.update()
        assert {stored.note.path for stored in snapshot.passages(ids)} == set(NOTES)
        assert {note.path for note in snapshot.list_notes(None, 10)} == set(NOTES)
        assert snapshot.nearest(np.eye(len(VOCABULARY) + 1, dtype=np.float32)[0], 10).ids.size
    assert "rl/dpo.md" in before
    assert "rl/dpo.md" not in paths(index)


def fail_after(client, requests: int) -> None:
    """Lose the connection after so many requests that write, and keep it lost."""
    left = [requests]

    def before(request: str) -> None:
        left[0] -= request in WRITES
        if left[0] < 0:
            raise ResponseHandlingException(ConnectionError("connection reset"))

    client.before = before


def test_connection_lost_anywhere_leaves_the_index_as_it_was(
    index: Index, notes: Path, client, embedder: WordEmbedder
):
    before, generation = paths(index), index.status().generation
    (notes / "rl/dpo.md").unlink()
    (notes / "new.md").write_text("# Agents\n\nAn agent has a tool.\n\n## More\n\nA chain.\n")
    for requests in range(40):
        fail_after(client, requests)
        try:
            index.update()
        except EngineError as error:
            lost = str(error)
        else:
            break
        client.before = lambda request: None
        assert "does not answer (connection reset)" in lost
        if index.status().generation == generation:  # the last requests come after the switch
            assert paths(index) == before
            assert all("cut short" in problem.message for problem in index.check())
    assert requests > 8
    client.before = lambda request: None
    assert index.update().is_unchanged
    assert "rl/dpo.md" not in paths(index)
    assert index.query("agent tool chain")[0].path == "new.md"
    news = index.news()
    assert ([note.path for note in news.notes], news.deleted) == (["new.md"], 1)
    # Whatever was lost, nothing is embedded twice.
    assert len([text for text in embedder.embedded if "An agent has a tool" in text]) == 1
    index.check(fix=True)
    assert index.check() == ()


def test_another_machine_takes_over_the_vectors_of_an_update_cut_short(
    address: str, notes: Path, client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = WordEmbedder(VOCABULARY), WordEmbedder(VOCABULARY)

    def before(request: str) -> None:  # all passages are there by then, and no state names them
        points = client.options.get("points", ())
        if request == "upsert" and any(point.id == STATE_ID for point in points):
            raise ResponseHandlingException(ConnectionError("connection reset"))

    client.before = before
    with open_index(address, first) as index, pytest.raises(EngineError):
        index.update(notes)
    client.before = lambda request: None
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another-machine"))
    state = read_engine_state(connect(read_engine_address(address)))
    with open_index(address, second) as index:
        report = index.update(notes)
        assert state is None
        assert (report.passages_embedded, len(report.added)) == (0, 5)
        assert not any("policy" in text for text in second.embedded)
        assert index.check() == ()


def test_a_lost_answer_is_asked_for_again(index: Index, client):
    lost = iter([True, True, False])

    def before(request: str) -> None:
        if request == "query_points" and next(lost, False):
            raise ResponseHandlingException(ConnectionError("connection reset"))

    client.before = before
    assert paths(index)


def test_an_engine_that_is_busy_is_asked_again_and_one_that_fails_is_named(index: Index, client):
    def refuse(status: int, request_name: str = "query_points"):
        def before(request: str) -> None:
            if request == request_name:
                raise UnexpectedResponse(status, "", b'{"status": {"error": "no"}}', {})

        return before

    client.before = refuse(503)
    with pytest.raises(EngineError, match=r"answers HTTP 503: .*; look into the log"):
        paths(index)
    client.before = refuse(401)
    with pytest.raises(EngineError, match=r"asks for a key .HTTP 401.; set QDRANT_API_KEY"):
        paths(index)


def test_vectors_of_another_model_are_refused_and_made_anew_by_a_rebuild(
    index: Index, address: str, notes: Path
):
    with open_index(address, WordEmbedder(name="other")) as other:
        with pytest.raises(MismatchError, match="holds vectors of words-26"):
            other.query("policy")
        with pytest.raises(MismatchError, match="rebuild=True"):
            other.update(notes)
        assert other.query("policy", mode="lexical")
        report = other.update(notes, rebuild=True)
        assert report.passages_embedded == report.passages > 0
        assert other.query("policy reward")
        assert other.check() == ()
        assert len(other.embed("policy")) == 9


def test_notes_without_a_file_are_added_replaced_and_removed(place: str, embedder, notes: Path):
    with open_index(place, embedder) as index:
        index.update(notes)
        index.add("A robot has an agent.", id="chat/1", title="Robots", tags=["bots"])
        with pytest.raises(UsageError, match="an added note has this id"):
            index.add("Again.", id="chat/1")
        with pytest.raises(UsageError, match="is a file of the corpus"):
            index.add("Again.", id="rl/dpo.md")
        assert index.query("robot agent")[0].path == "chat/1"
        assert index.update().is_unchanged
        index.add("A proof of a graph.", id="chat/1", overwrite=True)
        assert index.query("proof graph")[0].path == "chat/1"
        index.update(rebuild=True)
        assert [note.path for note in index.notes("kind:added")] == ["chat/1"]
        index.remove("chat/1")
        assert index.notes("kind:added") == []
        with pytest.raises(UsageError, match="no added note has this id"):
            index.remove("chat/1")
        assert index.check() == ()


def test_a_folder_of_other_notes_does_not_take_their_place(
    index: Index, address: str, tmp_path: Path, embedder, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.md").write_text("# Another\n\nNote.\n")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another-machine"))
    with (
        open_index(address, embedder) as index,
        pytest.raises(UsageError, match=r"holds 5 files, and .*other has none of them"),
    ):
        index.update(tmp_path / "other")


def test_a_machine_without_notes_asks_and_is_not_behind(
    index: Index, address: str, tmp_path: Path, embedder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another-machine"))
    with open_index(address, embedder) as reader:
        assert paths(reader) == paths(index)
        assert reader.drift().is_none
        with pytest.raises(NotesearchError, match="corpus"):
            reader.update()


# ------------------------------------------------------------ one writer at a time


def test_a_second_writer_waits_and_is_told_who_writes(index: Index, address: str):
    engine = connect(read_engine_address(address))
    with (
        writer_lease(engine, timeout_s=0),
        pytest.raises(LockedError, match=r"is being written by process \d+ on .*; wait for it"),
    ):
        index.update(lock_timeout_s=0.0)
    assert index.update(lock_timeout_s=0.0).is_unchanged


def test_a_lease_runs_out_and_its_writer_notices(index: Index, address: str):
    engine = connect(read_engine_address(address))
    now = [1000.0]
    killed, next_one = (WriterLease(engine, now=lambda: now[0]) for _ in range(2))
    assert killed.take() is None
    assert next_one.take() is not None
    now[0] += 61
    assert next_one.take() is None
    with pytest.raises(LockedError, match="the lease of this update ran out"):
        killed.require()
    next_one.require()


def test_a_lease_of_a_clock_that_was_years_ahead_holds_nobody_up(index: Index, address: str):
    engine = connect(read_engine_address(address))
    ahead = WriterLease(engine, now=lambda: time.time() + 1e8)
    assert ahead.take() is None
    assert WriterLease(engine).take() is None


@pytest.mark.parametrize("lease", [{}, {"machine": 1, "owner": None}, {"process": "x\x1b"}])
def test_a_lease_of_something_else_is_waited_for(index: Index, address: str, lease):
    engine = connect(read_engine_address(address))
    payload = {"kind": "lease", "until": time.time() + LEASE_S, "owner": "them", **lease}
    engine.put(engine.names.records, [models.PointStruct(id=LEASE_ID, vector={}, payload=payload)])
    with pytest.raises(LockedError, match=r"is being written by process .* on .* since"):
        index.update(lock_timeout_s=0.0)


def test_a_writer_that_slept_too_long_publishes_nothing(
    index: Index, address: str, notes: Path, client, embedder
):
    (notes / "new.md").write_text("# Agents\n\nAn agent has a tool.\n")
    engine = connect(read_engine_address(address))
    other = WriterLease(engine, now=lambda: time.time() + 2 * LEASE_S)
    counted: list[str] = []

    def before(request: str) -> None:
        counted.append(request)
        if request == "delete" and counted.count("delete") == 1:  # right before the switch
            client.before = lambda request: None
            assert other.take() is None

    client.before = before
    generation = index.status().generation
    counted.clear()
    with pytest.raises(LockedError):
        index.update()
    assert index.status().generation == generation
    other.give_back()
    index.update()
    assert index.query("agent tool")[0].path == "new.md"


# ------------------------------------------------------------ damage


def test_check_finds_passages_that_are_lost_and_clears_up_what_is_left_over(
    index: Index, address: str, notes: Path, client
):
    engine = connect(read_engine_address(address))
    (notes / "new.md").write_text("# Agents\n\nAn agent has a tool.\n")
    fail_after(client, 5)
    with pytest.raises(EngineError):
        index.update()
    client.before = lambda request: None
    (problem, *_) = index.check()
    assert re.search(
        r"holds \d+ points of an update that was cut short; call check", problem.message
    )
    assert all(problem.fixed for problem in index.check(fix=True))
    assert index.check() == ()
    engine.remove(engine.names.passages, all_of(is_within("note", most=1)))
    found = index.check()
    assert re.search(r"holds \d passages, and should hold \d", found[0].message)
    assert "rebuild" in found[0].message
    index.update(rebuild=True)
    assert index.check() == ()


def test_an_index_of_a_later_format_is_named(index: Index, address: str):
    engine = connect(read_engine_address(address))
    engine.set(engine.names.records, {"format": 99}, all_of())
    with pytest.raises(EngineError, match="has format 99, and this notesearch knows 2"):
        index.query("policy")


@pytest.mark.parametrize(
    ("key", "value"),
    [("generation", "x"), ("dimension", None), ("passages", -1), ("tokens", 1e300),
     ("note_tokens", 0), ("stamp", 7), ("probe_cosines", 1)],
)  # fmt: skip
def test_a_state_that_no_writer_gives_is_named(index: Index, address: str, key: str, value: object):
    engine = connect(read_engine_address(address))
    engine.set(engine.names.records, {key: value}, all_of(is_value("kind", "state")))
    with pytest.raises(EngineError, match=r"is damaged .state: .*rebuild=True"):
        index.query("policy")


@pytest.mark.parametrize("theirs", ["notes", "notes-notes", "notes-records"])
def test_a_collection_of_something_else_is_left_alone(
    address: str, client, embedder: WordEmbedder, notes: Path, theirs: str
):
    one = models.VectorParams(size=4, distance=models.Distance.COSINE)
    client.create_collection(collection_name=theirs, vectors_config=one)
    there = [models.PointStruct(id=1, vector=[1.0, 0.0, 0.0, 0.0], payload={"of": "others"})]
    client.upsert(collection_name=theirs, points=there)
    with open_index(address, embedder) as index:
        for rebuild in (False, True):
            with pytest.raises(EngineError, match=f"a collection {theirs} of something else"):
                index.update(notes, rebuild=rebuild)
    assert client.count(collection_name=theirs).count == 1
    assert [one.name for one in client.get_collections().collections] == [theirs]


@pytest.mark.parametrize("names", [("notes", "notes-notes"), ("notes-records", "notes")])
def test_two_indexes_whose_collections_would_be_one_are_kept_apart(
    address: str, client, embedder: WordEmbedder, notes: Path, names: tuple[str, str]
):
    first, second = (address.removesuffix("notes") + name for name in names)
    with open_index(first, embedder) as index:
        index.update(notes)
        before = paths(index)
        with open_index(second, embedder) as other, pytest.raises(EngineError, match="another"):
            other.update(notes)
        assert paths(index) == before
        assert index.check() == ()
