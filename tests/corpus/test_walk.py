from __future__ import annotations

import os
import subprocess
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


def test_folders_that_are_walked_are_listed_also_where_they_are_empty(tmp_path):
    write(tmp_path, "a/b/c.md", ".git/d.md", "node_modules/e.md")
    (tmp_path / "empty").mkdir()
    (tmp_path / "out").symlink_to("/")
    assert list_files(tmp_path).folders == ("", "a/", "a/b/", "empty/")


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


@pytest.mark.parametrize("target", ["pipe", "outside"])
def test_ignore_file_that_is_no_file_of_the_corpus_is_an_error(tmp_path, target):
    write(tmp_path / "corpus", "a.md")
    ignore_file = tmp_path / "corpus" / ".notesearchignore"
    if target == "pipe":
        os.mkfifo(ignore_file)
    else:
        (tmp_path / "patterns").write_text("*.md", encoding="utf-8")
        ignore_file.symlink_to(tmp_path / "patterns")
    reason = {"pipe": "not a regular file", "outside": "a link that leads out of the corpus"}
    with pytest.raises(CorpusError, match=rf"ignore cannot be read: {reason[target]}"):
        list_files(tmp_path / "corpus")


def test_wrong_line_of_the_ignore_file_is_named(tmp_path):
    write(tmp_path, "a.md")
    (tmp_path / ".notesearchignore").write_text("*.txt\nab\\\n", encoding="utf-8")
    wrong = r"'ab\\\\' is no pattern: nothing follows its last backslash"
    with pytest.raises(CorpusError, match=rf"ignore, line 2: {wrong}"):
        list_files(tmp_path, ("drafts/",))
    (tmp_path / ".notesearchignore").unlink()
    with pytest.raises(CorpusError, match=f"the setting ignore: {wrong}"):
        list_files(tmp_path, ("ab\\",))


def test_ignore_file_of_endless_lines_is_an_error(tmp_path):
    write(tmp_path, "a.md")
    (tmp_path / ".notesearchignore").write_text("a\n" * 2_000, encoding="utf-8")
    limit = "is too long; it may have 1,000 lines and 100 kB"
    with pytest.raises(CorpusError, match=rf"\.notesearchignore {limit}"):
        list_files(tmp_path)
    for text in ("é\r\n" * 900 + "é" * 60_000, "a\f" * 2_000):
        (tmp_path / ".notesearchignore").write_text(text, encoding="utf-8")
        with pytest.raises(CorpusError, match=limit):
            list_files(tmp_path)
    (tmp_path / ".notesearchignore").unlink()
    for setting in (["a"] * 2_000, ["a" * 200_000]):
        with pytest.raises(CorpusError, match=f"the setting ignore {limit}"):
            list_files(tmp_path, setting)


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


def test_folders_nested_without_end_are_walked_until_the_system_refuses(tmp_path):
    place, deep = os.open(tmp_path, os.O_RDONLY), 2_600
    for number in range(deep):
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
        if number in (489, deep - 1):
            os.close(os.open("a.md", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
    try:
        assert listed(tmp_path) == ["d/" * 490 + "a.md"]
        ((path, reason),) = skipped(tmp_path)
        assert path.startswith("d/d/")
        assert reason == "cannot be read: File name too long"
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # shutil goes too deep


def test_corpus_with_a_name_that_is_not_utf8_is_an_error(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(CorpusError, match=r"caf\\udce9' has a name that is not UTF-8; rename it"):
        list_files(tmp_path / os.fsdecode(b"caf\xe9"))


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


@pytest.fixture
def with_links(tmp_path):
    """A corpus with a note of its own, and links to a note and a folder outside."""
    corpus = tmp_path / "corpus"
    write(corpus, "a.md")
    write(tmp_path / "outside", "b.md")
    (corpus / "one").symlink_to(tmp_path / "outside")
    (corpus / "two").symlink_to(tmp_path / "outside")
    (corpus / "z.md").symlink_to(tmp_path / "outside" / "b.md")
    (corpus / "picture.png").symlink_to(tmp_path / "outside" / "b.md")
    return corpus


def test_links_that_lead_out_are_named_and_not_followed(with_links):
    assert listed(with_links) == ["a.md"]
    reason = "a link that leads out of the corpus; set follow_links: true to read it"
    assert skipped(with_links) == [("one/", reason), ("two/", reason), ("z.md", reason)]


def test_links_that_lead_out_are_followed_where_asked_and_a_folder_is_read_once(with_links):
    listing = list_files(with_links, follow_links=True)
    assert [file.path for file in listing.files] == ["a.md", "one/b.md", "z.md"]
    assert listing.skipped == ()


def test_ignored_link_is_not_named(with_links):
    assert list_files(with_links, ("one/", "two", "/z.*")).skipped == ()


def test_folder_beside_the_corpus_with_a_longer_name_is_outside(tmp_path):
    write(tmp_path / "corpus", "a.md")
    write(tmp_path / "corpus2", "b.md")
    (tmp_path / "corpus" / "one").symlink_to(tmp_path / "corpus2")
    assert listed(tmp_path / "corpus") == ["a.md"]


def test_link_to_a_note_inside_is_a_note(tmp_path):
    write(tmp_path, "a.md")
    (tmp_path / "b.md").symlink_to(tmp_path / "a.md")
    assert listed(tmp_path) == ["a.md", "b.md"]


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
