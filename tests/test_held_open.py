"""An Index that is held open while others write, on real notes through the library."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import faiss
import pytest

from notesearch import Index, NotesearchError, Settings, held_index
from notesearch.embedding import Precision
from notesearch.errors import MismatchError, UsageError
from notesearch.index import publish
from notesearch.index.store import Store
from notesearch.search.verdict import UNRELATED
from tests.conftest import BUNDLED, write_notes
from tests.fakes import WORDS, WordEmbedder


class CountingEmbedder(WordEmbedder):
    """Counts the questions that it embeds."""

    def __init__(self, name: str = "counting") -> None:
        super().__init__(name=name)
        self.asked: list[str] = []

    def embed_query(self, text: str):  # type: ignore[no-untyped-def]
        self.asked.append(text)
        return super().embed_query(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_notes(tmp_path / "corpus")
    return tmp_path


def open_with(folder: Path, embedder: WordEmbedder) -> Index:
    return Index.open(folder / "index", embedder, create=True)


def update(folder: Path, embedder: WordEmbedder, *, rebuild: bool = False) -> None:
    with open_with(folder, embedder) as index:
        index.update(folder / "corpus", rebuild=rebuild)


def test_held_index_refuses_the_vectors_of_another_model(folder: Path) -> None:
    ours, theirs = WordEmbedder(name="ours"), WordEmbedder(WORDS[::-1], name="theirs")
    update(folder, ours)
    with open_with(folder, ours) as held:
        before = held.query("reward model", mode="dense")
        update(folder, theirs, rebuild=True)  # of the same dimension, on other axes
        for mode in ("dense", "hybrid"):
            with pytest.raises(MismatchError, match="holds vectors of theirs-9, the settings ask"):
                held.query("reward model", mode=mode)
        assert held.query("reward model", mode="lexical")
        update(folder, ours, rebuild=True)
        assert held.query("reward model", mode="dense") == before


def test_index_answers_by_the_model_that_it_was_just_rebuilt_with(folder: Path) -> None:
    update(folder, WordEmbedder(name="before"))
    with open_with(folder, WordEmbedder(name="after")) as index:
        with pytest.raises(MismatchError):
            index.query("reward model")
        index.update(folder / "corpus", rebuild=True)
        assert index.query("reward model")


def test_tags_are_checked_on_the_snapshot_that_answers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(folder, WordEmbedder())
    taken: list[int] = []
    plain = Store.snapshot

    def counting(store: Store):  # type: ignore[no-untyped-def]
        taken.append(1)
        return plain(store)

    monkeypatch.setattr(Store, "snapshot", counting)
    with open_with(folder, WordEmbedder()) as index:
        for ask in (
            lambda: index.query("reward", where="tag:dpo"),
            lambda: index.query("tag:alignment"),
            lambda: index.similar("rl/dpo.md", where="tag:alignment"),
            lambda: index.notes("tag:dpo"),
            lambda: index.tags("tag:dpo"),
        ):
            taken.clear()
            assert ask()
            assert len(taken) == 1


def test_many_threads_open_one_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    update(folder, WordEmbedder())
    opened: list[Store] = []

    class CountedStore(Store):
        def __init__(self, index_dir: Path) -> None:
            opened.append(self)
            super().__init__(index_dir)

    monkeypatch.setattr(held_index, "Store", CountedStore)
    barrier = threading.Barrier(8)
    with open_with(folder, WordEmbedder()) as index, ThreadPoolExecutor(8) as pool:

        def ask(_: int) -> list[str]:
            barrier.wait()
            return [hit.path for hit in index.query("reward model")]

        answers = list(pool.map(ask, range(8)))
    assert len(opened) == 1
    assert all(answer == answers[0] for answer in answers)


def test_closing_waits_for_the_question_at_work(folder: Path) -> None:
    asked, may_go_on = threading.Event(), threading.Event()

    class Slow(WordEmbedder):
        def embed_query(self, text: str):  # type: ignore[no-untyped-def]
            asked.set()
            may_go_on.wait(10)
            return super().embed_query(text)

    update(folder, WordEmbedder())
    index = open_with(folder, Slow())
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(index.query, "reward model")
        assert asked.wait(10)
        closing = pool.submit(index.close)
        assert not closing.done()
        may_go_on.set()
        assert answer.result(10)
        closing.result(10)
    with pytest.raises(UsageError, match="closed"):
        index.query("reward model")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_is_told_to_open_the_index_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "MOST_PASSAGES", 2)  # several segments, searched by threads
    update(folder, WordEmbedder())
    with open_with(folder, WordEmbedder()) as index:
        index.query("reward model")
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            signal.alarm(20)  # where it waits for threads that are not here
            try:
                with suppress(UsageError), index:
                    index.query("reward model")
                with pytest.raises(UsageError, match="forked from; open it again"):
                    index.query("graph")
                with open_with(folder, WordEmbedder()) as own:
                    os.write(writing, own.query("reward model")[0].path.encode())
            finally:
                os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        with os.fdopen(reading) as answer:
            assert answer.read() == index.query("reward model")[0].path


def test_first_question_after_an_edit_embeds_itself_alone(folder: Path) -> None:
    embedder = CountingEmbedder()
    update(folder, embedder)
    assert sorted(embedder.asked) == sorted(UNRELATED)
    with open_with(folder, embedder) as index:
        (folder / "corpus/rl/dpo.md").write_text("# DPO\n\nA graph.\n", encoding="utf-8")
        index.update(folder / "corpus")
        (folder / "corpus/rl/ppo.md").unlink()
        index.update(folder / "corpus")
        embedder.asked.clear()
        assert index.search("graph").relevance is not None
        assert embedder.asked == ["graph"]


def test_the_verdict_follows_the_notes(folder: Path) -> None:
    update(folder, WordEmbedder())
    with open_with(folder, WordEmbedder()) as index:
        before = index.search("reward sourdough").relevance
        text = "# Hotels\n\nhow to boil eggs, a cheap hotel near the beach\n"
        (folder / "corpus/other.md").write_text(text, encoding="utf-8")
        index.update(folder / "corpus")
        after = index.search("reward sourdough").relevance
    shutil.rmtree(folder / "index")
    update(folder, WordEmbedder())
    with open_with(folder, WordEmbedder()) as index:
        again = index.search("reward sourdough").relevance
    assert again == after != before


def test_threads_of_faiss_stay_as_the_program_set_them(folder: Path) -> None:
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        update(folder, WordEmbedder())
        with open_with(folder, WordEmbedder()) as index:
            index.query("reward model")
            index.similar("rl/dpo.md")
        assert faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)


def test_held_index_sees_that_a_copy_was_brought_back(folder: Path) -> None:
    update(folder, WordEmbedder())
    shutil.copytree(folder / "index", folder / "backup")
    note = folder / "corpus/rl/dpo.md"
    before = note.read_text(encoding="utf-8")
    with open_with(folder, WordEmbedder()) as held:
        note.write_text("# Zebra\n\nThe zebra of the savanna, and a robot.\n", encoding="utf-8")
        update(folder, WordEmbedder())
        assert held.query("zebra savanna", mode="lexical", where="path:rl/")
        shutil.rmtree(folder / "index")
        shutil.copytree(folder / "backup", folder / "index")
        note.write_text(before + "\nOf the same generation.\n", encoding="utf-8")
        update(folder, WordEmbedder())
        for line in ("zebra savanna", "policy drifts", "same generation"):
            for where in (None, "path:rl/"):
                with open_with(folder, WordEmbedder()) as fresh:
                    expected = fresh.query(line, mode="lexical", where=where)
                assert held.query(line, mode="lexical", where=where) == expected


def changed_while_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> tuple[Path, bytes]:
    """Have a note be another one for its next `times` openings, and back to what it was after."""
    from notesearch.corpus import folder as corpus_folder
    from notesearch.corpus import reader

    note = folder / "corpus/rl/dpo.md"
    content, status = note.read_bytes(), note.stat()
    other = content.replace(b"implied by", b"a graph of")
    plain = corpus_folder.read_stamped

    def read(corpus: Path, path: str, **how: object):  # type: ignore[no-untyped-def]
        nonlocal times
        if not path.endswith("dpo.md") or not times:
            return plain(corpus, path, **how)
        times -= 1
        note.write_bytes(other)
        try:
            return plain(corpus, path, **how)
        finally:
            note.write_bytes(content)
            os.utime(note, ns=(status.st_atime_ns, status.st_mtime_ns))

    monkeypatch.setattr(corpus_folder, "read_stamped", read)
    monkeypatch.setattr(reader, "read_stamped", read)
    return note, content


@pytest.mark.parametrize("times", [1, 2, 3])
def test_file_that_was_another_while_it_was_read_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    note, _ = changed_while_read(folder, monkeypatch, times=0)
    os.utime(note, (1_600_000_000, 1_600_000_000))  # old enough to be trusted by its time
    update(folder, WordEmbedder())
    monkeypatch.undo()
    note.write_bytes(note.read_bytes().replace(b"drifts", b"falls"))
    os.utime(note, (1_700_000_000, 1_700_000_000))

    changed_while_read(folder, monkeypatch, times)
    update(folder, WordEmbedder())
    monkeypatch.undo()
    update(folder, WordEmbedder())

    with open_with(folder, WordEmbedder()) as index:
        text = " ".join(passage.text for passage in index.show("rl/dpo.md")[1])
    assert "implied by" in text
    assert "falls" in text


@pytest.mark.slow
def test_held_index_of_a_model_refuses_its_other_precision(folder: Path) -> None:
    float32 = Settings(model=BUNDLED)
    int8 = Settings(model=replace(BUNDLED, precision=Precision.INT8))
    with Index.open(folder / "index", create=True, settings=float32) as index:
        index.update(folder / "corpus")
    with Index.open(folder / "index", settings=float32) as held:
        assert held.query("cutting up pictures")[0].path == "vision/vit.md"
        with Index.open(folder / "index", settings=int8) as other:
            other.update(folder / "corpus", rebuild=True)
            assert other.query("cutting up pictures")[0].path == "vision/vit.md"
        with pytest.raises(NotesearchError, match="holds vectors of all-MiniLM-L6-v2 int8"):
            held.query("cutting up pictures")
