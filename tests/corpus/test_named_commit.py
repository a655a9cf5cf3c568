"""Which commit a name or a day means, and what is answered where it means none."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from datetime import date
from pathlib import Path

import pytest

from notesearch import CorpusError, UsageError
from notesearch.corpus.named_commit import find_commit, read_day
from tests.git_notes import GitNotes, needs_git

pytestmark = needs_git


@pytest.fixture
def notes(tmp_path: Path) -> GitNotes:
    return GitNotes(tmp_path / "repository")


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch):
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def test_names_that_git_knows_mean_what_git_says(notes):
    first = notes.commit({"a.md": "one"}, "2024-01-01")
    notes.git("tag", "-a", "-m", "a tag of its own", "draft")
    second = notes.commit({"a.md": "two"}, "2024-02-01")
    notes.git("branch", "other", first)
    for name in ("HEAD~1", "draft", "other", first, first[:9], "HEAD^", "main~1"):
        assert find_commit(notes.corpus, name).hash == first, name
    found = find_commit(notes.corpus, " HEAD ")
    assert (found.hash, found.date, found.path) == (second, "2024-02-01", "corpus")
    assert str(found) == f"{second[:7]} 2024-02-01"
    assert found.tree == notes.git("rev-parse", "HEAD:corpus")


def test_day_means_the_last_commit_up_to_its_end(notes):
    commits = [notes.commit({"a.md": day}, day) for day in ("2024-01-31", "2024-02-01")]
    late = notes.commit({"a.md": "late"}, "2024-02-01T23:30:00+0000")
    assert find_commit(notes.corpus, "2024-01-31").hash == commits[0]
    assert find_commit(notes.corpus, "2024-02-01").hash == late
    assert find_commit(notes.corpus, "2024-01").hash == commits[0]
    assert find_commit(notes.corpus, "2024-02").hash == late
    assert find_commit(notes.corpus, "yesterday").hash == late


def test_day_ends_by_the_clock_of_the_person_whatever_zone_a_commit_is_of(notes, zone):
    notes.commit({"a.md": "one"}, "2024-01-01")
    # 2 May in Tokyo, 1 May in London and New York
    tokyo = notes.commit({"a.md": "two"}, "2024-05-02T01:00:00+0900")
    # 2 May in London, 1 May in New York
    london = notes.commit({"a.md": "three"}, "2024-05-02T02:00:00+0100")
    zone("UTC")
    assert find_commit(notes.corpus, "2024-05-01").hash == tokyo
    assert find_commit(notes.corpus, "2024-05-01").date == "2024-05-01"
    zone("America/New_York")
    assert find_commit(notes.corpus, "2024-05-01").hash == london
    zone("Asia/Tokyo")
    assert find_commit(notes.corpus, "2024-05-02").hash == london
    assert find_commit(notes.corpus, "2024-05-01").date == "2024-01-01"


def test_day_means_a_commit_of_the_branch_not_one_that_was_merged_later(notes):
    base = notes.commit({"a.md": "one"}, "2024-01-01")
    notes.git("checkout", "-q", "-b", "aside")
    notes.commit({"b.md": "aside"}, "2024-01-10")
    notes.git("checkout", "-q", "main")
    main = notes.commit({"c.md": "main"}, "2024-01-05")
    notes.git("merge", "-q", "--no-ff", "-m", "merged", "aside", day="2024-01-20T12:00:00+0000")
    merged = notes.git("rev-parse", "HEAD")
    assert find_commit(notes.corpus, "2024-01-04").hash == base
    assert find_commit(notes.corpus, "2024-01-15").hash == main
    assert find_commit(notes.corpus, "2024-01-20").hash == merged


def test_days_that_are_said_in_words():
    today = date(2024, 3, 31)
    assert read_day("today", today) == today
    assert read_day("Yesterday", today) == date(2024, 3, 30)
    assert read_day("3 weeks ago", today) == date(2024, 3, 10)
    assert read_day("1 day ago", today) == date(2024, 3, 30)
    assert read_day("1 month ago", today) == date(2024, 2, 29)
    assert read_day("13 months ago", today) == date(2023, 2, 28)
    assert read_day("2 years ago", today) == date(2022, 3, 31)
    assert read_day("2024-02", today) == date(2024, 2, 29)
    for name in ("2024", "HEAD", "ago", "3 weeks", "24-01-01", "2024-1-1", "noon", "-3 weeks ago"):
        assert read_day(name, today) is None, name
    for wrong in ("2024-02-30", "2024-13", "9999 years ago", "0000-01-01", "9999-12-31"):
        with pytest.raises(UsageError, match="is no day; give one as in 2024-05-01"):
            read_day(wrong, today)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "nonesuch",
            "nonesuch names no commit of the repository of .* run: git -C .* log --oneline",
        ),
        ("--output=/tmp/x", "none begins with a minus"),
        ("-1", "none begins with a minus"),
        ("", "no commit is named"),
        ("a\0b", r"'a\\x00b' is no name of a commit"),
        ("HEAD\n--all", "is no name of a commit"),
        ("\udcff", "is no name of a commit"),
        ("x" * 5000, "is no name of a commit"),
        ("HEAD:corpus", "names no commit"),
        ("HEAD^{tree}", "names no commit"),
        ("2023-12-31", "2023-12-31 is before .{7} of 2024-01-01, the first commit; give a later"),
    ],
)
def test_what_names_no_commit_is_answered_in_one_line(notes, name, said):
    notes.commit({"a.md": "one"})
    with pytest.raises(UsageError, match=said) as raised:
        find_commit(notes.corpus, name)
    assert "\n" not in str(raised.value)


def test_corpus_without_a_repository_or_a_commit_says_what_helps(tmp_path):
    with pytest.raises(CorpusError, match=r"is in no git repository, .* run: git init"):
        find_commit(tmp_path, "HEAD")
    notes = GitNotes(tmp_path / "empty")
    for name in ("HEAD", "2024-05-01", "main"):
        with pytest.raises(CorpusError, match="has no commit on its current branch"):
            find_commit(notes.corpus, name)
    with pytest.raises(CorpusError, match="is not there"):
        find_commit(tmp_path / "gone", "HEAD")


def test_commit_without_the_folder_of_the_notes_is_named(notes):
    (notes.root / "readme").write_text("x")
    notes.git("add", "-A")
    notes.git("commit", "-q", "-m", "no notes yet")
    notes.commit({"a.md": "one"}, "2024-02-01")
    with pytest.raises(CorpusError, match=r"commit .{7} of 2024-01-01 has no folder corpus"):
        find_commit(notes.corpus, "HEAD~1")


def test_shallow_clone_says_that_there_is_more(notes, tmp_path):
    for month in range(1, 5):
        notes.commit({"a.md": f"in {month}"}, f"2024-0{month}-01")
    clone = tmp_path / "clone"
    notes.git("clone", "-q", "--depth", "2", notes.root.as_uri(), str(clone))
    assert find_commit(clone / "corpus", "2024-03-20").date == "2024-03-01"
    with pytest.raises(UsageError, match=r"begins; for all .* run: git -C .* fetch --unshallow"):
        find_commit(clone / "corpus", "2024-02-20")
    with pytest.raises(UsageError, match=r"names no commit .* fetch --unshallow"):
        find_commit(clone / "corpus", "HEAD~3")


def test_corpus_may_be_the_repository_a_worktree_or_a_submodule(notes, tmp_path):
    first = notes.commit({"a.md": "one"})
    assert find_commit(notes.root, "HEAD").path == ""
    notes.git("worktree", "add", "-q", str(tmp_path / "tree"), first)
    assert find_commit(tmp_path / "tree/corpus", "HEAD").hash == first
    outer = GitNotes(tmp_path / "outer")
    allow = ("-c", "protocol.file.allow=always")
    outer.git(*allow, "submodule", "add", "-q", notes.root.as_uri(), "corpus/inner")
    outer.commit({"b.md": "two"}, "2024-02-01")
    assert find_commit(outer.corpus / "inner", "HEAD").hash == first
    assert find_commit(outer.corpus, "HEAD").date == "2024-02-01"


def test_folder_with_an_odd_name_is_found(tmp_path):
    for name in ("with space", "line\nend", "stars*[a]", ":colon", "ünï"):
        notes = GitNotes(tmp_path / "odd" / name.encode().hex(), name)
        first = notes.commit({"a.md": "one"})
        found = find_commit(notes.corpus, "HEAD")
        assert (found.hash, found.path) == (first, name)
        assert found.tree == notes.git("rev-parse", f"HEAD:{name}")


def test_environment_leads_to_no_other_repository(notes, tmp_path, monkeypatch):
    first = notes.commit({"a.md": "one"})
    other = GitNotes(tmp_path / "other")
    other.commit({"b.md": "two"}, "2024-03-01")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.root / ".git/objects"))
    assert find_commit(notes.corpus, "HEAD").hash == first


def test_without_git_the_error_says_so(notes, monkeypatch, tmp_path):
    notes.commit({"a.md": "one"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git, which is not installed; install git"):
        find_commit(notes.corpus, "HEAD")


def test_git_beside_the_notes_is_not_run(notes, monkeypatch, tmp_path):
    notes.commit({"a.md": "one"})
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    fake.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    with pytest.raises(UsageError, match="install git"):
        find_commit(notes.corpus, "HEAD")
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away"
)
def test_repository_of_another_user_is_left_alone_unless_the_person_trusts_it(notes, monkeypatch):
    home = notes.root.parent / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    first = notes.commit({"a.md": "one"})
    for path in (notes.root, *notes.root.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    with pytest.raises(
        CorpusError, match=r"of another user, which git leaves alone; .* safe.direc"
    ):
        find_commit(notes.corpus, "HEAD")
    git = shutil.which("git")
    assert git is not None
    trust = [git, "config", "--global", "safe.directory", str(notes.root)]
    subprocess.run(trust, check=True)
    assert find_commit(notes.corpus, "HEAD").hash == first
