"""An index that is kept in step: real files, real watches, and what goes wrong with them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Condition, Event, Thread

import numpy as np
import pytest
from numpy.typing import NDArray

from notesearch import CorpusError, Index, LockedError, ModelError, Settings, UsageError
from notesearch import watch as watch_module
from notesearch.corpus import folder_watch
from notesearch.watch import IndexWatch, WatchActivity, WatchState
from tests.conftest import NOTES, write_notes
from tests.fakes import WordEmbedder
from tests.index.faults import holding_the_lock

FAR_S = 60.0  # nothing takes so long that comes at all


class Seen:
    """Keeps every state of a watch, and waits for the one that is expected."""

    def __init__(self) -> None:
        self.states: list[WatchState] = []
        self._changed = Condition()

    def __call__(self, state: WatchState) -> None:
        with self._changed:
            self.states.append(state)
            self._changed.notify_all()

    def until(self, is_expected: Callable[[WatchState], bool]) -> WatchState:
        """Wait for a state, from now on or the present one, and return it."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: bool(self.states) and is_expected(self.states[-1]), FAR_S
            )
            assert found, self.states[-1:]
            return self.states[-1]

    @property
    def updates(self) -> int:
        """How many updates came to their end."""
        reports = [id(state.report) for state in self.states if state.report is not None]
        return len(dict.fromkeys(reports))


class Held:
    """An open index of a corpus, with the watch that keeps it in step."""

    def __init__(self, root: Path, index_dir: Path, embedder: WordEmbedder) -> None:
        settings = Settings(root=root, corpus=root / "corpus")
        self.root, self.corpus = root, root / "corpus"
        self.index = Index.open(index_dir, embedder, create=True, settings=settings)
        self.seen = Seen()
        self.watch = IndexWatch(self.index, observer=self.seen)

    def paths(self) -> set[str]:
        return {note.path for note in self.index.notes()}

    def until_it_holds(self, paths: set[str]) -> None:
        self.seen.until(
            lambda state: state.activity is WatchActivity.IDLE and self.paths() == paths
        )

    def write(self, path: str, text: str = "A robot.") -> None:
        file = self.corpus / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {path}\n\n{text}\n", encoding="utf-8")


Hold = Callable[..., Held]


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Hold]:
    made: list[Held] = []

    def make(
        embedder: WordEmbedder | None = None, index: str = "index", *, start: bool = True
    ) -> Held:
        if not (tmp_path / "corpus").exists():
            write_notes(tmp_path / "corpus")
        made.append(Held(tmp_path, tmp_path / index, embedder or WordEmbedder()))
        if start:
            made[-1].watch.start()
            made[-1].until_it_holds(set(NOTES))
        return made[-1]

    yield make
    for held in made:
        held.watch.stop()
        held.index.close()


# ------------------------------------------------------------ in step


def test_what_changed_while_nobody_watched_is_there_at_the_start(hold):
    held = hold()
    held.watch.stop()
    held.write("later.md")
    (held.corpus / "vision/vit.md").unlink()
    again = hold(start=False)
    again.watch.start()
    again.until_it_holds({*NOTES, "later.md"} - {"vision/vit.md"})


def test_note_that_is_saved_is_found(hold):
    held = hold()
    held.write("new.md", "Protein folding by a robot.")
    held.until_it_holds({*NOTES, "new.md"})
    assert held.index.query("protein")[0].path == "new.md"
    assert held.watch.state.report.added == ("new.md",)
    assert held.watch.state.polling == ""


def test_each_way_of_changing_a_file_is_followed(hold):
    held = hold()
    held.write(".a.md.tmp", "A proof.")
    (held.corpus / ".a.md.tmp").rename(held.corpus / "rl/ppo.md")  # as editors save
    held.seen.until(lambda state: bool(state.report and state.report.changed == ("rl/ppo.md",)))
    (held.corpus / "rl/ppo.md").unlink()
    held.until_it_holds(set(NOTES) - {"rl/ppo.md"})
    (held.corpus / "vision").rename(held.corpus / "sight")
    held.until_it_holds({"rl/dpo.md", "speech/survey.md", "sight/vit.md", "sight/survey.md"})
    held.write("sight/deep/new.md")  # in folders that were not there
    held.write("sight/vit.md", "Patches.")
    held.seen.until(lambda state: bool(state.report and "sight/deep/new.md" in held.paths()))
    held.write("sight/deep/newer.md")
    shutil.rmtree(held.corpus / "rl")
    names = ("vit.md", "survey.md", "deep/new.md", "deep/newer.md")
    held.until_it_holds({"speech/survey.md", *(f"sight/{name}" for name in names)})


def test_burst_of_files_is_gathered_into_few_updates(hold):
    held = hold()
    before = held.seen.updates
    for number in range(600):
        held.write(f"burst/{number // 100}/{number}.md", f"A robot, number {number}.")
    held.until_it_holds({*NOTES, *(f"burst/{n // 100}/{n}.md" for n in range(600))})
    assert held.seen.updates - before <= 20


def test_index_in_its_corpus_does_not_wake_itself(hold):
    held = hold(index="corpus/index")
    for number in range(3):
        held.write(f"{number}.md")
        held.until_it_holds({*NOTES, *(f"{n}.md" for n in range(number + 1))})
    before = held.seen.updates
    held.write("last.md")
    held.until_it_holds({*NOTES, "0.md", "1.md", "2.md", "last.md"})
    assert held.seen.updates - before <= 2


class BlockingEmbedder(WordEmbedder):
    """Waits in each call until it may go on, once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = Event()
        self.may_go_on.set()
        self.is_called = Event()

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.is_called.set()
        assert self.may_go_on.wait(FAR_S)
        return super().embed_passages(texts)

    def block(self) -> None:
        self.is_called.clear()
        self.may_go_on.clear()


def test_change_during_an_update_is_followed_by_another(hold):
    embedder = BlockingEmbedder()
    held = hold(embedder)
    embedder.block()
    held.write("first.md")
    assert embedder.is_called.wait(FAR_S)
    held.write("second.md")
    held.write("first.md", "Not a word of before.")
    embedder.may_go_on.set()
    held.until_it_holds({*NOTES, "first.md", "second.md"})
    held.seen.until(lambda _: "word" in held.index.show("first.md")[1][0].text)


def test_questions_are_answered_during_an_update(hold):
    embedder = BlockingEmbedder()
    held = hold(embedder)
    embedder.block()
    held.write("first.md", "A robot.")
    assert embedder.is_called.wait(FAR_S)
    assert held.index.query("reward", mode="lexical")
    assert held.watch.state.activity is WatchActivity.UPDATING
    embedder.may_go_on.set()
    held.until_it_holds({*NOTES, "first.md"})


def test_large_change_comes_in_parts_between_which_others_may_write(hold, monkeypatch, tmp_path):
    monkeypatch.setattr(watch_module, "_BYTES_PER_UPDATE", 60)
    held = hold(start=False)
    waiting: list[int] = []
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as other:

        def write_too(state: WatchState) -> None:
            if state.report is not None and state.report.waiting and state.progress is None:
                assert state.activity is WatchActivity.UPDATING
                waiting.append(state.report.waiting)
                other.add("A robot.", id="inbox/1", overwrite=True, lock_timeout_s=0.0)
            held.seen(state)

        held.watch = IndexWatch(held.index, observer=write_too)
        held.watch.start()
        held.until_it_holds({*NOTES, "inbox/1"})
        held.watch.stop()
    assert waiting == sorted(set(waiting), reverse=True)
    assert len(waiting) > 2


# ------------------------------------------------------------ without the system's watches


def test_folder_is_compared_where_the_system_does_not_tell(hold, monkeypatch):
    monkeypatch.setattr(folder_watch, "network_drive", lambda _: "a network drive (nfs4)")
    held = hold()
    assert held.watch.state.polling == (
        "the system does not tell what others change on a network drive (nfs4)"
    )
    before = held.seen.updates
    held.write("new.md")
    held.until_it_holds({*NOTES, "new.md"})
    (held.corpus / "new.md").unlink()
    held.until_it_holds(set(NOTES))
    assert held.seen.updates - before == 2


# ------------------------------------------------------------ what goes wrong


def test_corpus_that_vanishes_empties_nothing_and_is_followed_when_it_is_back(hold):
    held = hold()
    held.corpus.rename(held.root / "away")
    state = held.seen.until(lambda state: isinstance(state.error, CorpusError))
    assert "does not exist" in str(state.error)
    assert held.paths() == set(NOTES)
    (held.root / "away/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    (held.root / "away").rename(held.corpus)
    held.until_it_holds({*NOTES, "new.md"})
    assert held.watch.state.error is None
    held.write("newer.md")  # by a watch on the folder that is there now
    held.until_it_holds({*NOTES, "new.md", "newer.md"})


def test_another_folder_in_its_place_is_watched_from_then_on(hold):
    held = hold()
    shutil.copytree(held.corpus, held.root / "copy")
    held.corpus.rename(held.root / "away")
    (held.root / "copy").rename(held.corpus)
    held.write("new.md")
    held.until_it_holds({*NOTES, "new.md"})
    held.write("newer.md")
    held.until_it_holds({*NOTES, "new.md", "newer.md"})


def test_update_of_another_process_is_waited_for(hold):
    held = hold()
    with holding_the_lock(held.root / "index") as holder:
        held.write("new.md")
        state = held.seen.until(lambda state: state.activity is WatchActivity.LOCKED_OUT)
        assert isinstance(state.error, LockedError)
        assert f"process {holder}" in str(state.error)
        assert held.paths() == set(NOTES)
    held.until_it_holds({*NOTES, "new.md"})
    assert held.watch.state.error is None


@pytest.mark.parametrize("error", [ModelError("the model is ill"), ZeroDivisionError("a bug")])
def test_update_that_fails_is_told_and_tried_again(hold, monkeypatch, error):
    monkeypatch.setattr(watch_module, "_FIRST_RETRY_S", 0.05)
    embedder = WordEmbedder()
    held = hold(embedder)

    def fail(_: Sequence[str]) -> NDArray[np.float32]:
        raise error

    embedder.embed_passages = fail  # type: ignore[method-assign]
    held.write("new.md", "Never seen.")
    assert held.seen.until(lambda state: state.error is not None).error is error
    assert held.paths() == set(NOTES)
    assert held.watch.state.activity is not WatchActivity.STOPPED
    del embedder.embed_passages  # type: ignore[method-assign]
    held.until_it_holds({*NOTES, "new.md"})
    assert held.watch.state.error is None


def test_note_that_cannot_be_read_is_in_the_report_and_stops_nothing(hold):
    held = hold()
    (held.corpus / "bad.md").write_bytes(b"\x00\x01" * 400)
    held.write("good.md")
    held.until_it_holds({*NOTES, "good.md"})
    report = held.seen.until(lambda state: bool(state.report and state.report.skipped)).report
    assert report is not None
    assert [skipped.path for skipped in report.skipped] == ["bad.md"]
    assert held.watch.state.error is None


def test_folder_that_a_foreign_index_names_is_left_alone(tmp_path, monkeypatch):
    theirs, private = tmp_path / "theirs/index", tmp_path / "private"
    write_notes(private)
    with Index.open(theirs, WordEmbedder(), create=True) as index:
        index.update(private)
    shutil.rmtree(tmp_path / "state-of-the-user")
    (private / "secret.md").write_text("# Secret\n", encoding="utf-8")
    with Index.open(theirs, WordEmbedder()) as index:
        seen = Seen()
        with IndexWatch(index, observer=seen) as watch:
            state = seen.until(lambda state: state.error is not None)
            assert "which is left alone" in str(state.error)
            assert watch._folder_watch is None
        assert len(index.notes()) == len(NOTES)


# ------------------------------------------------------------ beginning and end


def test_stop_ends_an_update_and_keeps_what_was_embedded(hold):
    embedder = BlockingEmbedder()
    held = hold(embedder)
    embedder.block()
    held.write("new.md", "Never seen.")
    assert embedder.is_called.wait(FAR_S)
    stopping = Thread(target=held.watch.stop)
    stopping.start()
    while not held.watch._stop.is_set():
        assert stopping.is_alive()
    embedder.may_go_on.set()
    stopping.join(FAR_S)
    assert not stopping.is_alive()
    assert held.watch.state.activity is WatchActivity.STOPPED
    assert held.paths() == set(NOTES)
    assert held.index.kept_passages() == 1

    later = WordEmbedder()
    again = hold(later, start=False)
    again.watch.start()
    again.until_it_holds({*NOTES, "new.md"})
    assert later.embedded == []


def test_stop_does_not_wait_for_the_lock(hold):
    held = hold()
    with holding_the_lock(held.root / "index"):
        held.write("new.md")
        held.seen.until(lambda state: state.activity is WatchActivity.LOCKED_OUT)
        held.watch.stop()
    assert held.watch.state.activity is WatchActivity.STOPPED
    assert held.paths() == set(NOTES)


def test_watch_is_started_once_and_may_be_stopped_at_any_time(hold):
    held = hold(start=False)
    held.watch.stop()
    never = IndexWatch(held.index)
    assert never.state == WatchState()
    never.start()
    with pytest.raises(UsageError, match="was started before"):
        never.start()
    never.stop()
    never.stop()
    assert never.state.activity is WatchActivity.STOPPED


def test_index_of_added_notes_alone_has_nothing_to_watch_until_a_folder_is_there(tmp_path):
    settings = Settings(root=tmp_path)
    with Index.open(tmp_path / "index", WordEmbedder(), create=True, settings=settings) as index:
        index.add("A robot.", id="inbox/1")
        seen = Seen()
        with IndexWatch(index, observer=seen):
            seen.until(lambda state: state.report is not None)
            assert seen.states[-1].error is None
            write_notes(tmp_path / "corpus")
            seen.until(lambda _: len(index.notes()) == len(NOTES) + 1)
