"""Notes asked as they were: what a commit gives, what it costs, and what is kept of it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from notesearch import (
    CorpusError,
    Index,
    JoinedIndex,
    LockedError,
    MismatchError,
    PastIndex,
    Settings,
    UnusableIndexError,
    UsageError,
)
from notesearch.index.index_layout import IndexLayout
from notesearch.index.lock import writer_lock
from notesearch.index.past_indexes import MOST_KEPT
from tests.fakes import WordEmbedder
from tests.git_notes import GitNotes, needs_git

pytestmark = needs_git

ROOT = Path(__file__).parents[1]
DPO = "# On policies\n\nA policy without a reward model.\n"
PPO = "# Small steps\n\nA reward scores a policy.\n"
VIT = "# Patches\n\nAn image is cut into patches.\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own; the folder that past indexes are kept in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/notesearch/past"


@pytest.fixture
def notes(tmp_path: Path) -> GitNotes:
    """Three commits: a note is added, then renamed, then changed beside one that goes."""
    notes = GitNotes(tmp_path / "repository")
    notes.commit({"dpo.md": DPO, "ppo.md": PPO}, "2024-01-01")
    (notes.corpus / "rl").mkdir()
    notes.git("mv", "corpus/dpo.md", "corpus/rl/dpo.md")
    notes.commit({"vit.md": VIT}, "2024-02-01")
    notes.commit({"ppo.md": None, "vit.md": VIT + "\nA graph too.\n"}, "2024-03-01")
    return notes


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def index(notes: GitNotes, embedder: WordEmbedder) -> Iterator[Index]:
    with Index.open(notes.root / "index", embedder, create=True) as index:
        index.update(notes.corpus)
        yield index


def held(index: Index) -> list[tuple[object, ...]]:
    """All that an index holds of its notes, with their vectors."""
    return sorted(
        (one.note.path, one.note.title, one.note.date, one.note.tags, *of_passage(one))
        for one in index.passages(vectors=True)
    )


def of_passage(one: object) -> tuple[object, ...]:
    passage = one.passage  # type: ignore[attr-defined]
    vector = np.round(one.vector, 3).tolist()  # type: ignore[attr-defined]
    return (passage.id, passage.line_start, passage.text, tuple(vector))


def paths(index: Index) -> list[str]:
    return sorted(note.path for note in index.notes())


def test_notes_are_asked_as_they_were(index, notes):
    assert paths(index) == ["rl/dpo.md", "vit.md"]
    with index.at("HEAD~2") as old:
        assert isinstance(old, PastIndex)
        assert paths(old) == ["dpo.md", "ppo.md"]
        hits = old.query("reward policy", k=2)
        assert {hit.path for hit in hits} == {"dpo.md", "ppo.md"}
        assert {hit.commit for hit in hits} == {notes.git("rev-parse", "HEAD~2")}
        assert old.commit.date == "2024-01-01"
        assert old.similar("dpo.md").hits[0].commit == old.commit.hash
        assert old.quote("A reward scores a policy.")[0].hit.commit == old.commit.hash
        note, passages = old.show(str(notes.corpus / "ppo.md"))  # a path that is gone now
        assert (note.path, len(passages)) == ("ppo.md", 1)
    with index.at("2024-02-15") as middle:
        assert paths(middle) == ["ppo.md", "rl/dpo.md", "vit.md"]
    assert index.query("policy")[0].commit is None


def test_a_commit_is_worth_what_an_index_of_its_checkout_is(index, notes, embedder, tmp_path):
    """Over a history of random changes, in an order that no history has."""
    chance = random.Random(7)
    words = ("policy", "reward", "graph", "image", "speech", "proof")
    there = {"rl/dpo.md", "vit.md"}
    for number in range(14):
        changes: dict[str, str | bytes | None] = {}
        for _ in range(3):
            path = f"{chance.choice('abc')}/{chance.choice('xyz')}.md"
            text = " ".join(chance.choices(words, k=5))
            gone = path in there and path not in changes and chance.random() < 0.3
            changes[path] = None if gone else f"# {path} {chance.random()}\n\n{text}\n"
        if number == 5:
            changes["broken.md"] = "\x89PNG\r\n\x1a\n"
        if number == 8:
            changes["broken.md"] = "# Mended\n\nA proof.\n"
        if number == 11:
            changes["broken.md"] = "\x89PNG\r\n\x1a\n more"
        notes.commit(changes, f"2024-05-{number + 1:02}")
        there |= {path for path, text in changes.items() if text is not None}
        there -= {path for path, text in changes.items() if text is None}
    index.update()  # broken.md fails now, and what it said before is kept there
    names = [f"HEAD~{number}" for number in range(16)]
    chance.shuffle(names)
    for name in names:
        checkout = tmp_path / name
        notes.git("worktree", "add", "-q", "-f", "--detach", str(checkout), name)
        with (
            Index.open(tmp_path / f"index of {name}", WordEmbedder(), create=True) as anew,
            index.at(name) as old,
        ):
            anew.update(checkout / "corpus")
            assert held(old) == held(anew), name
            assert old.tags() == anew.tags()
            assert old.check() == ()


def test_texts_that_any_index_has_are_embedded_once(index, notes, embedder):
    embedder.embedded.clear()
    with index.at("HEAD~2") as old:
        assert old.report is not None
        # The text of dpo.md is as it was in another folder; ppo.md is gone from the index.
        assert old.report.passages_embedded == 1
    assert [text for text in embedder.embedded if "scores" in text] == embedder.embedded
    embedder.embedded.clear()
    with index.at("HEAD~1") as old:
        assert old.report is not None
        assert old.report.passages_embedded == 1  # vit.md as it was; ppo.md is of the other commit
    embedder.embedded.clear()
    with index.at("HEAD~2") as old, index.at("HEAD") as now:
        assert old.report is None  # kept from before
        assert held(now) == held(index)
    assert embedder.embedded == []


def test_index_that_much_was_removed_from_is_copied(notes, embedder, cache):
    many = {f"m{n}.md": f"# M{n}\n\n{'A proof of speech. ' * 300}{n}\n" for n in range(60)}
    notes.write(many)
    with Index.open(notes.root / "index", embedder, create=True) as index:
        index.update(notes.corpus)
        notes.write(dict.fromkeys(many))
        index.update()
        embedder.embedded.clear()
        with index.at("HEAD") as old:
            assert old.report is not None
            assert old.report.unchanged == 2  # so it is a copy
            assert old.check() == ()
            assert held(old) == held(index)


def test_equal_notes_of_two_commits_share_one_index(index, notes, cache):
    notes.commit({}, "2024-04-01")
    (notes.root / "readme").write_text("of no concern")
    notes.commit({}, "2024-04-02")
    found = set()
    for name in ("HEAD", "HEAD~1", "HEAD~2"):
        with index.at(name) as old:
            found.add(old.index_dir)
            assert old.commit.hash == notes.git("rev-parse", name)
    assert len(found) == 1


def test_what_decides_the_reading_decides_the_index(notes, embedder):
    counts = []
    for ignore in ((), ("rl/",)):
        settings = Settings(ignore=ignore)
        with Index.open(notes.root / "index", embedder, settings=settings, create=True) as index:
            index.update(notes.corpus)
            with index.at("HEAD~1") as old:
                counts.append(old.count_notes())
    assert counts == [3, 2]


def test_added_notes_are_of_no_commit(index, notes):
    index.add("A robot.", id="ppo.md")  # a path of the commit, which is free now
    index.add("A robot again.", id="inbox/1")
    with index.at("HEAD~2") as old:
        assert paths(old) == ["dpo.md", "ppo.md"]
        assert old.query("robot", mode="lexical") == []
        assert old.query("reward", where="path:ppo.md")[0].text.startswith("# Small steps")
        assert old.check() == ()
    assert "inbox/1" in paths(index)


def test_index_of_an_empty_folder_may_ask_the_past(notes, embedder):
    with (
        Index.open(
            notes.root / "none", embedder, create=True, settings=Settings(corpus=notes.corpus)
        ) as index,
        index.at("HEAD~2") as old,
    ):
        assert paths(old) == ["dpo.md", "ppo.md"]


def test_index_of_another_model_is_named(index, notes):
    other = WordEmbedder(("policy",), name="other")
    with Index.open(notes.root / "index", other) as index, pytest.raises(MismatchError):
        index.at("HEAD")


def test_a_commit_is_not_changed(index):
    with index.at("HEAD") as old:
        assert old.drift() is None
        assert old.status().drift is None
        for change in (
            old.update,
            lambda: old.add("A robot.", id="x"),
            lambda: old.remove("x"),
            lambda: old.at("HEAD~1"),
        ):
            with pytest.raises(UsageError, match="the notes of a commit stay as they were"):
                change()


def test_several_indexes_have_no_one_past(index):
    with pytest.raises(UsageError, match="several indexes have several pasts"):
        JoinedIndex({"a": index}).at("HEAD")


def test_added_notes_alone_have_no_past(tmp_path, embedder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Index.open(tmp_path / "alone", embedder, create=True) as index:
        index.add("A robot.", id="x")
        with pytest.raises(UsageError, match="of added notes alone"):
            index.at("HEAD")


def test_past_goes_on_when_it_is_closed_and_opened_again(index):
    with index.at("HEAD~1") as old:
        assert old.query("image")
    assert index.query("image")  # its models were lent
    with pytest.raises(UsageError, match="closed"):
        old.query("image")
    with index.at("HEAD~1") as old:
        assert old.query("image")


# ----------------------------------------------------------------------- what is kept


def kept(cache: Path) -> list[Path]:
    return sorted(entry for entry in cache.iterdir() if entry.is_dir())


def test_only_those_asked_last_are_kept(index, notes, cache):
    for number in range(MOST_KEPT + 3):
        notes.commit({"vit.md": f"{VIT}\nA proof {number}.\n"}, f"2024-06-{number + 1:02}")
    places = []
    for number in range(MOST_KEPT):
        with index.at(f"HEAD~{number}") as old:
            places.append(old.index_dir)
    for number, place in enumerate(places):
        os.utime(place, (1_700_000_000 - number, 1_700_000_000 - number))
    with index.at(f"HEAD~{MOST_KEPT - 1}") as old:  # the oldest is asked again
        assert old.index_dir == places[-1]
    with index.at(f"HEAD~{MOST_KEPT}"), index.at(f"HEAD~{MOST_KEPT + 1}"):
        pass
    assert len(kept(cache)) == MOST_KEPT
    assert places[-1].exists()
    assert not places[-2].exists()
    assert not places[-3].exists()


def test_deleting_it_costs_making_it_again(index, cache):
    with index.at("HEAD~2") as old:
        before = held(old)
        shutil.rmtree(cache)
    with index.at("HEAD~2") as old:
        assert held(old) == before


def test_damage_is_answered_by_making_it_again(index, cache):
    with index.at("HEAD~2") as old:
        before = held(old)
    (place,) = kept(cache)
    (place / "catalog.sqlite").write_bytes(b"no catalog")
    with index.at("HEAD~2") as old:
        assert held(old) == before
    unfinished = cache / f"{place.name}.making"
    place.rename(unfinished)
    (unfinished / "catalog.sqlite").write_bytes(b"no catalog")
    for log in unfinished.glob("catalog.sqlite-*"):
        log.unlink()
    with index.at("HEAD~2") as old:
        assert held(old) == before
    assert kept(cache) == [place]


def test_files_are_for_their_owner_alone(index, cache):
    with index.at("HEAD"):
        modes = {entry.stat().st_mode & 0o077 for entry in (cache, *cache.rglob("*"))}
    assert modes == {0}


def test_disk_that_keeps_nothing_is_named(index, cache, tmp_path):
    (tmp_path / "cache").mkdir(exist_ok=True)
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(UnusableIndexError, match=r"cannot be written .* set XDG_CACHE_HOME"):
        index.at("HEAD")


def test_no_home_folder_is_named(index, monkeypatch):
    monkeypatch.setattr("notesearch.index.past_indexes.cache_folder", lambda: None)
    with pytest.raises(UnusableIndexError, match="no home folder is known"):
        index.at("HEAD")


# ------------------------------------------------------------------ several at once


def test_threads_that_ask_for_one_commit_make_it_once(index, embedder, cache):
    embedder.embedded.clear()

    def ask(_: int) -> tuple[bool, list[str]]:
        with index.at("HEAD~2", lock_timeout_s=60) as old:
            return old.report is not None, paths(old)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(6)))
    assert [made for made, _ in answers].count(True) == 1
    assert {tuple(found) for _, found in answers} == {("dpo.md", "ppo.md")}
    assert len(embedder.embedded) == 1


def test_who_waits_too_long_is_told_whom_for(index, cache):
    with index.at("HEAD"):
        pass
    held_up = threading.Event()
    done = threading.Event()

    def hold() -> None:
        with writer_lock(IndexLayout(cache), 1.0):
            held_up.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held_up.wait(60)
    try:
        with pytest.raises(LockedError, match=r"is being written by process \d+"):
            index.at("HEAD~1", lock_timeout_s=0)
        with index.at("HEAD", lock_timeout_s=0) as old:  # what is kept needs no lock
            assert paths(old) == ["rl/dpo.md", "vit.md"]
    finally:
        done.set()
        holder.join()


KILLED = """
import os, sys
from notesearch import Index
from tests.fakes import WordEmbedder

class Fatal(WordEmbedder):
    left = 20
    def embed_passages(self, texts):
        Fatal.left -= len(texts)
        if Fatal.left < 0:
            os.kill(os.getpid(), 9)
        return super().embed_passages(texts)

with Index.open(sys.argv[1], Fatal()) as index:
    index.at("HEAD~1")
"""


def test_a_kill_in_the_middle_loses_nothing(notes, embedder, cache):
    many = {f"m{number}.md": f"# M{number}\n\nA proof {number}.\n" for number in range(60)}
    notes.commit(many, "2024-06-01")
    notes.commit(dict.fromkeys(many), "2024-06-02")
    with Index.open(notes.root / "index", embedder, create=True) as index:
        index.update(notes.corpus)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(index.index_dir)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
        assert killed.returncode == -9
        (unfinished,) = kept(cache)
        assert unfinished.name.endswith(".making")
        with index.at("HEAD~1") as old:
            assert old.count_notes() == 62
            assert old.report is not None
            assert 0 < old.report.passages_embedded <= 60 - 8  # some were kept
            assert kept(cache) == [old.index_dir]


def test_two_hundred_commits_are_asked_in_any_order(tmp_path, embedder):
    notes = GitNotes(tmp_path / "long")
    stream = []
    for number in range(200):
        text = f"# Note {number}\n\nA policy of step {number}.\n"
        stream.append(
            f"commit refs/heads/main\ncommitter A <a@b> {1_700_000_000 + number * 86400} +0000\n"
            f"data 1\nx\nM 100644 inline corpus/n{number}.md\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(
        ["git", "-C", notes.root, "fast-import", "--quiet"],
        input="".join(stream).encode(),
        check=True,
    )
    notes.git("checkout", "-q", "-f", "main")
    with Index.open(notes.root / "index", embedder, create=True) as index:
        index.update(notes.corpus)
        embedder.embedded.clear()
        for back in (199, 0, 100, 101, 50, 3):
            with index.at(f"HEAD~{back}") as old:
                assert old.count_notes() == 200 - back
                assert old.query("policy")[0].commit == notes.git("rev-parse", f"HEAD~{back}")
        with index.at("2023-11-20") as old:
            assert old.count_notes() == 7  # from 14 November on
            assert old.commit.date == "2023-11-20"
    assert embedder.embedded == []  # each text is one that the index has


def test_corpus_that_is_in_no_repository_is_named(tmp_path, embedder):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/a.md").write_text("a policy")
    with Index.open(tmp_path / "index", embedder, create=True) as index:
        index.update(tmp_path / "corpus")
        with pytest.raises(CorpusError, match="is in no git repository"):
            index.at("HEAD")
