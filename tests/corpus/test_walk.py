from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.corpus.walk import list_files
from notesearch.errors import CorpusError


def write(corpus: Path, *paths: str) -> None:
    for path in paths:
        file = corpus / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("words\n", encoding="utf-8")


def listed(corpus: Path, ignore: tuple[str, ...] = ()) -> list[str]:
    return [file.path for file in list_files(corpus, ignore).files]


def skipped(corpus: Path) -> list[tuple[str, str]]:
    return [(skip.path, skip.reason) for skip in list_files(corpus).skipped]


def test_files_come_in_the_order_of_their_paths(tmp_path):
    write(tmp_path, "b.md", "a/z.org", "a.md", "a/b/c.txt")
    assert listed(tmp_path) == ["a.md", "a/b/c.txt", "a/z.org", "b.md"]


def test_only_notes_are_listed_whatever_the_case_of_their_suffix(tmp_path):
    notes = ["a.md", "b.markdown", "c.mdx", "d.txt", "e.text", "f.ORG", "g.rst", "h.html", "i.HTM"]
    write(tmp_path, *notes, "refs.bib", "x.png", "noext", "md")
    assert listed(tmp_path) == notes


def test_size_and_time_are_those_of_the_file(tmp_path):
    write(tmp_path, "a.md")
    (file,) = list_files(tmp_path).files
    info = (tmp_path / "a.md").stat()
    assert (file.size, file.mtime_ns) == (info.st_size, info.st_mtime_ns)


def test_hidden_and_built_folders_are_out_and_an_ignore_line_brings_one_back(tmp_path):
    write(tmp_path, ".git/a.md", ".obsidian/b.md", "node_modules/c.md", "_site/d.md", ".e.md")
    write(tmp_path, "sub/node_modules/f.md", "g.md")
    assert listed(tmp_path) == ["g.md"]
    assert listed(tmp_path, ("!_site/",)) == ["_site/d.md", "g.md"]


def test_ignore_file_and_settings_use_gitignore_syntax(tmp_path):
    write(tmp_path, "drafts/a.md", "drafts/keep.md", "b.md", "old/c.md", "x/old/d.md")
    (tmp_path / ".notesearchignore").write_text(
        "# mine\ndrafts/*\n!drafts/keep.md\n", encoding="utf-8"
    )
    assert listed(tmp_path, ("/old/",)) == ["b.md", "drafts/keep.md", "x/old/d.md"]


def test_ignore_file_that_is_no_text_is_an_error(tmp_path):
    write(tmp_path, "a.md")
    (tmp_path / ".notesearchignore").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match=r"\.notesearchignore cannot be read"):
        list_files(tmp_path)


def test_names_with_spaces_signs_and_other_scripts_are_listed(tmp_path):
    names = ["A: b?.md", 'it\'s "quoted".md', "naïve 论文.md", "trailing .md"]
    write(tmp_path, *names)
    assert listed(tmp_path) == sorted(names)


def test_name_that_is_not_utf8_is_reported(tmp_path):
    write(tmp_path, "a.md")
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("words", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert listed(tmp_path) == ["a.md"]
    assert skipped(tmp_path) == [("'caf\\udce9.md'", "the file name is not UTF-8; rename the file")]


def test_folder_named_like_a_note_is_walked_or_reported(tmp_path):
    (tmp_path / "x.md").mkdir()
    write(tmp_path, "y.md/inside.md")
    assert listed(tmp_path) == ["y.md/inside.md"]
    assert skipped(tmp_path) == [("x.md", "a folder, not a file, and no notes are in it")]


def test_link_that_leads_back_is_reported_and_not_followed(tmp_path):
    write(tmp_path, "a/b/c.md")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    assert listed(tmp_path) == ["a/b/c.md"]
    assert skipped(tmp_path) == [("a/b/up", "a link that leads back to a folder it lies in")]


def test_links_to_nowhere_and_to_themselves_are_reported(tmp_path):
    write(tmp_path, "a.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    assert listed(tmp_path) == ["a.md"]
    assert [path for path, _ in skipped(tmp_path)] == ["gone.md", "loop.md"]


def test_linked_folder_outside_is_read_once(tmp_path):
    corpus, outside = tmp_path / "corpus", tmp_path / "outside"
    write(corpus, "a.md")
    write(outside, "b.md")
    (corpus / "one").symlink_to(outside)
    (corpus / "two").symlink_to(outside)
    assert listed(corpus) == ["a.md", "one/b.md"]


def test_linked_folder_inside_keeps_its_own_path(tmp_path):
    write(tmp_path, "real/a.md")
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    assert listed(tmp_path) == ["real/a.md"]


def test_pipe_named_like_a_note_is_reported_and_never_opened(tmp_path):
    write(tmp_path, "a.md")
    os.mkfifo(tmp_path / "pipe.md")
    assert listed(tmp_path) == ["a.md"]
    assert skipped(tmp_path) == [("pipe.md", "not a regular file")]


def test_folder_without_read_permission_is_reported(tmp_path, monkeypatch):
    write(tmp_path, "a.md", "closed/b.md")
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert listed(tmp_path) == ["a.md"]
    assert skipped(tmp_path) == [("closed/", "folder cannot be read: Permission denied")]


@pytest.mark.parametrize(
    ("name", "message"), [("missing", "does not exist"), ("a.md", "is a file, not a folder")]
)
def test_corpus_that_is_no_folder_is_an_error(tmp_path, name, message):
    write(tmp_path, "a.md")
    with pytest.raises(CorpusError, match=message):
        list_files(tmp_path / name)
