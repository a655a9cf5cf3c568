"""The notes of a commit are read as those of a folder, and nothing of the repository runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from notesearch import CorpusError, ReadingOptions
from notesearch.corpus.committed_folder import CommittedFolder
from notesearch.corpus.folder import CorpusFolder
from notesearch.corpus.named_commit import find_commit
from notesearch.records import Listing, ReadFile
from notesearch.regular_files import MAX_FILE_BYTES
from notesearch.settings import Settings
from tests.git_notes import GitNotes, needs_git

pytestmark = needs_git

OPTIONS = Settings().reading_options


def counter() -> SimpleNamespace:
    return SimpleNamespace(
        max_tokens=50, count_many=lambda texts: [len(text.split()) for text in texts]
    )


@pytest.fixture
def notes(tmp_path: Path) -> GitNotes:
    return GitNotes(tmp_path / "repository")


def opened(
    notes: GitNotes, name: str = "HEAD", options: ReadingOptions = OPTIONS
) -> CommittedFolder:
    return CommittedFolder(notes.corpus, find_commit(notes.corpus, name), options, counter)


def listed(notes: GitNotes, name: str = "HEAD", options: ReadingOptions = OPTIONS) -> Listing:
    with opened(notes, name, options) as folder:
        return folder.list_files()


def paths(listing: Listing) -> list[str]:
    return [file.path for file in listing.files]


def test_a_commit_is_read_as_the_folder_was(notes):
    files = {
        "a.md": "---\ntags: [x]\n---\n# A\n\nA text of some words.\n",
        "below/2024-03-01-b.org": "* B\n\nAnother text.\n",
        "c.txt": "plain\r\nlines\r\n",
        "latin.md": "caf\xe9 au lait".encode("latin-1"),
        "broken.md": b"\x89PNG\r\n\x1a\n...",
        "empty.md": "",
        "picture.png": "no note",
    }
    notes.write({".gitattributes": "* text=auto eol=crlf\n"})
    notes.commit(files)
    on_disk = CorpusFolder(notes.corpus, OPTIONS, counter)
    with opened(notes) as committed:
        assert paths(committed.list_files()) == paths(on_disk.list_files())
        assert committed.fingerprint == on_disk.fingerprint

        def content(read: ReadFile) -> object:
            reading = read.reading
            return reading.path, reading.notes, reading.findings, reading.skipped, read.passages

        names = paths(on_disk.list_files())
        # Git keeps lines with plain ends, whatever the disk has.
        plain = [name for name in names if name != "c.txt"]
        expected = [content(read) for read in on_disk.read_files(plain)]
        assert [content(read) for read in committed.read_files(plain)] == expected
        assert committed.hash_file("a.md") == on_disk.hash_file("a.md")


def test_ignore_file_is_that_of_the_commit_and_settings_are_those_of_now(notes):
    notes.commit({"a.md": "a", "drafts/b.md": "b", "old/c.md": "c", "node_modules/d.md": "d"})
    notes.commit({".notesearchignore": "drafts/\n!node_modules/\n"})
    assert paths(listed(notes, "HEAD~1")) == ["a.md", "drafts/b.md", "old/c.md"]
    assert paths(listed(notes)) == ["a.md", "node_modules/d.md", "old/c.md"]
    options = Settings(ignore=("old/",)).reading_options
    assert paths(listed(notes, options=options)) == ["a.md", "node_modules/d.md"]
    notes.commit({".notesearchignore": b"\xff\n"})
    with pytest.raises(CorpusError, match=r"\.notesearchignore of commit .{7} cannot be read"):
        listed(notes)


def test_hidden_folders_and_a_committed_index_hold_no_notes(notes):
    notes.commit(
        {
            "a.md": "a",
            ".trash/b.md": "b",
            "sub/.hidden.md": "c",
            "index/corpus.txt": "../\n",
            "index/catalog.sqlite": "x",
            "index/README.md": "d",
        }
    )
    assert paths(listed(notes)) == ["a.md"]


def test_vault_of_obsidian_writes_tags_in_prose(notes):
    notes.commit({"a.md": "a"})
    notes.commit({".obsidian/app.json": "{}"})
    with opened(notes, "HEAD~1") as before, opened(notes) as after:
        assert before.fingerprint != after.fingerprint
        assert after.fingerprint == CorpusFolder(notes.corpus, OPTIONS, counter).fingerprint


def test_links_submodules_and_files_of_lfs_are_named_and_left_out(notes, tmp_path):
    inner = GitNotes(tmp_path / "inner")
    inner.commit({"x.md": "x"})
    allow = ("-c", "protocol.file.allow=always")
    notes.git(*allow, "submodule", "add", "-q", inner.root.as_uri(), "corpus/inner")
    (notes.corpus / "secret.md").symlink_to("/etc/passwd")
    (notes.corpus / "here.md").symlink_to("a.md")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    notes.commit({"a.md": "a", "big.md": pointer})
    with opened(notes) as folder:
        listing = folder.list_files()
        assert paths(listing) == ["a.md", "big.md"]
        assert {skip.path: skip.reason.partition(";")[0] for skip in listing.skipped} == {
            "here.md": "a link",
            "inner": "another repository (a submodule)",
            "secret.md": "a link",
        }
        skipped = [read.reading.skipped for read in folder.read_files(["a.md", "big.md"])]
        assert skipped[0] is None
        assert skipped[1] is not None
        assert skipped[1].reason == "kept by Git LFS, so that its text is not in the repository"


def test_file_too_large_for_a_note_is_not_read(notes):
    notes.commit({"a.md": "a", "huge.md": b"x" * (MAX_FILE_BYTES + 1)})
    with opened(notes) as folder:
        (read,) = folder.read_files(["huge.md"])
        assert read.reading.skipped is not None
        assert read.reading.skipped.reason == "too large for a note: more than 5 MB"
        assert folder.hash_file("huge.md")


def test_commit_without_notes_is_named(notes):
    notes.commit({"picture.png": "x"})
    with pytest.raises(CorpusError, match=r"had no notes in commit .{7} of 2024-01-01"):
        listed(notes)


def test_git_that_ends_stops_the_reading_and_no_file_is_blamed(notes):
    notes.commit({"a.md": "one", "b.md": "two"})
    with opened(notes) as folder:
        folder.hash_file("a.md")
        assert folder._opened is not None
        folder._opened._process.kill()
        folder._opened._process.wait()
        with pytest.raises(CorpusError, match="git ended while it read the notes"):
            list(folder.read_files(["b.md"]))


def test_file_whose_text_is_lost_is_named_alone(notes):
    notes.commit({"a.md": "one", "b.md": "two"})
    lost = notes.git("rev-parse", "HEAD:corpus/a.md")
    (notes.root / ".git/objects" / lost[:2] / lost[2:]).unlink()
    with opened(notes) as folder:
        first, second = folder.read_files(["a.md", "b.md"])
        assert first.reading.skipped is not None
        assert "its text is not in this copy of the repository" in first.reading.skipped.reason
        assert second.reading.notes


def tree_of(notes: GitNotes, names: list[bytes]) -> str:
    """A commit whose tree has files of these names, which no program would write so."""
    blob = notes.git("hash-object", "-w", "--stdin", day="2024-01-01T00:00:00")
    entries = b"".join(b"100644 " + name + b"\0" + bytes.fromhex(blob) for name in sorted(names))
    made = subprocess.run(
        ["git", "-C", notes.root, "hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
        input=entries,
        capture_output=True,
        check=True,
    )
    tree = made.stdout.decode().strip()
    upper = subprocess.run(
        ["git", "-C", notes.root, "mktree"],
        input=f"040000 tree {tree}\tcorpus\n".encode(),
        capture_output=True,
        check=True,
    )
    return notes.git("commit-tree", "-m", "odd", upper.stdout.decode().strip())


def test_hostile_names_lead_nowhere(notes):
    notes.commit({"a.md": "a"})
    odd = tree_of(
        notes,
        [
            b"..",
            b"../../out.md",
            b"/etc/x.md",
            b"line\nend.md",
            b"\x1b[31m.md",
            b"\xff.md",
            b"-x.md",
        ],
    )
    listing = listed(notes, odd)
    # Whatever they are called, they are keys, and no file of the disk is opened by them.
    assert paths(listing) == ["\x1b[31m.md", "-x.md", "line\nend.md"]
    assert [skip.reason for skip in listing.skipped] == [
        "the file name is not UTF-8; rename the file"
    ]


def test_folders_in_each_other_without_end_are_left_out(notes):
    notes.commit({"a.md": "a"})
    blob = notes.git("rev-parse", "HEAD:corpus/a.md")
    deep = "/".join(["d"] * 3000)
    stream = (
        "commit refs/heads/deep\ncommitter A <a@b> 1704110400 +0000\ndata 1\nx\n"
        f"M 100644 {blob} corpus/{deep}/x.md\nM 100644 {blob} corpus/a.md\n"
    )
    subprocess.run(
        ["git", "-C", notes.root, "fast-import", "--quiet"], input=stream.encode(), check=True
    )
    assert paths(listed(notes, "deep")) == ["a.md"]


# ------------------------------------------------------- nothing of the repository runs


def plant_settings(notes: GitNotes, program: Path) -> None:
    for key in (
        *("core.fsmonitor", "core.pager", "pager.cat-file", "pager.ls-tree", "core.editor"),
        *("core.sshCommand", "gpg.program", "diff.external", "core.askPass", "credential.helper"),
        *("diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean", "filter.evil.process"),
        *("alias.rev-parse", "alias.ls-tree", "alias.cat-file", "alias.rev-list", "alias.config"),
        *("core.alternateRefsCommand", "uploadpack.packObjectsHook", "log.showSignature"),
    ):
        shell = "!" if key.startswith("alias.") else ""
        notes.git("config", key, f"{shell}{program}")
    notes.git("config", "filter.evil.required", "true")
    notes.git("config", "log.showSignature", "true")
    notes.git("config", "core.hooksPath", str(program.parent / "hooks"))


def plant_hooks(notes: GitNotes, program: Path) -> None:
    hooks = notes.root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for folder in (hooks, program.parent / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
            shutil.copy(program, folder / name)


@pytest.mark.parametrize(
    ("plant", "provoke"),
    [
        (plant_settings, ("status",)),
        (plant_hooks, ("checkout", "-q", "HEAD~1")),
    ],
)
def test_nothing_of_a_repository_runs(
    notes: GitNotes,
    tmp_path: Path,
    plant: Callable[[GitNotes, Path], None],
    provoke: tuple[str, ...],
) -> None:
    notes.write({".gitattributes": "*.md filter=evil diff=evil\n"})
    notes.commit({"a.md": "one"})
    notes.commit({"a.md": "two"}, "2024-02-01")
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0" "$@" >> {ran}\ncat\n')
    program.chmod(0o755)
    plant(notes, program)
    ran.unlink(missing_ok=True)  # what planting itself has run
    for name in ("HEAD~1", "2024-01-15", "main"):
        with opened(notes, name) as folder:
            (file,) = folder.list_files().files
            (read,) = folder.read_files([file.path])
            assert read.reading.notes[0].lines in (("one",), ("two",))
    for wrong in ("nonesuch", "rev-parse"):
        with pytest.raises(Exception, match="names no commit"):
            find_commit(notes.corpus, wrong)
    assert not ran.exists(), ran.read_text()
    subprocess.run(["git", *provoke], cwd=notes.root, check=False, capture_output=True)
    assert ran.exists()  # what was planted is one that runs


def test_folder_that_looks_like_a_bare_repository_is_none(notes):
    notes.commit({"a.md": "one"})
    bare = notes.corpus / "bare"
    notes.git("init", "-q", "--bare", str(bare))
    with pytest.raises(CorpusError, match="git cannot read its repository"):
        find_commit(bare, "HEAD")


def test_a_clone_without_all_files_fetches_none_and_says_what_helps(notes, tmp_path):
    notes.commit({"a.md": "one", "b.md": "one more"})
    notes.commit({"a.md": "two"}, "2024-02-01")
    notes.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    notes.git("clone", "-q", "--filter=blob:none", notes.root.as_uri(), str(clone))
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    for key in ("remote.origin.uploadpack", "core.sshCommand"):
        subprocess.run(["git", "-C", clone, "config", key, str(program)], check=True)
    cloned = SimpleNamespace(corpus=clone / "corpus")
    assert paths(listed(cloned)) == ["a.md", "b.md"]  # type: ignore[arg-type]
    with pytest.raises(CorpusError, match=r"1 files of commit .* run: git fetch --refetch"):
        listed(cloned, "HEAD~1")  # type: ignore[arg-type]
    assert not ran.exists()
    subprocess.run(
        ["git", "-C", clone, "config", "--unset", "remote.origin.uploadpack"], check=True
    )
    subprocess.run(
        ["git", "-C", clone, "fetch", "-q", "--refetch", "--no-filter"],
        check=True,
        env={**os.environ, "GIT_SSH_COMMAND": ""},
    )
    assert paths(listed(cloned, "HEAD~1")) == ["a.md", "b.md"]  # type: ignore[arg-type]
