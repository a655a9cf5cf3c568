"""A folder of notes as an update and `parse` see it: real files, through the library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch import Index, Settings
from notesearch.corpus_folder import Ruler, parse_paths
from notesearch.index.records import UpdateReport
from tests.fakes import WordEmbedder


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def ruler() -> Ruler:
    return Ruler(60, count_words)


def update(place: Path, settings: Settings, *, rebuild: bool = False) -> UpdateReport:
    with Index.open(place / "index", WordEmbedder(), create=True, settings=settings) as index:
        return index.update(place / "corpus", rebuild=rebuild)


def stored(place: Path) -> dict[str, tuple[str, ...]]:
    """Give the tags of each note of the index."""
    with Index.open(place / "index", WordEmbedder()) as index:
        return {note.note_id: note.tags for note in index.notes()}


def skipped(settings: Settings, *paths: Path) -> list[tuple[str, str]]:
    files = parse_paths(paths, settings, ruler)
    return [(file.reading.path, file.reading.skipped.reason) for file in files
            if file.reading.skipped]  # fmt: skip


@pytest.fixture
def linked(tmp_path):
    """A corpus of one note, and a linked folder and a linked note outside."""
    for path in ("corpus/a.md", "outside/b.md"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(f"# {path}\n\nA policy and a reward.\n", encoding="utf-8")
    (tmp_path / "corpus" / "more").symlink_to(tmp_path / "outside")
    (tmp_path / "corpus" / "c.md").symlink_to(tmp_path / "outside" / "b.md")
    return tmp_path


def test_notes_behind_links_leave_the_index_with_the_setting(linked):
    report = update(linked, Settings(follow_links=True))
    assert (sorted(stored(linked)), report.skipped) == (["a.md", "c.md", "more/b.md"], ())
    report = update(linked, Settings())
    assert sorted(stored(linked)) == ["a.md"]
    assert report.removed == ("c.md", "more/b.md")
    assert [skip.path for skip in report.skipped] == ["c.md", "more/"]


def test_parse_names_a_link_of_the_corpus_as_an_update_does(linked):
    settings = Settings(corpus=linked / "corpus")
    reason = "a link that leads out of the corpus; set follow_links: true to read it"
    for paths in ([linked / "corpus"], [linked / "corpus/c.md", linked / "corpus/more"]):
        found = skipped(settings, *paths)
        assert [path for path, _ in found] == ["c.md", "more/"]
        assert all(why.endswith(reason) for _, why in found)
    assert skipped(replace(settings, follow_links=True), linked / "corpus/c.md") == []


def test_parse_reads_a_named_link_that_lies_in_no_corpus(linked):
    (linked / "here.md").symlink_to(linked / "outside" / "b.md")
    (file,) = parse_paths([linked / "here.md"], Settings(), ruler)
    assert file.reading.notes[0].title == "outside/b.md"


def test_parse_of_a_pipe_is_a_finding(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    found = skipped(Settings(), tmp_path / "pipe.md")
    assert found == [("pipe.md", "cannot be read: not a regular file")]


def test_parse_of_a_name_that_is_not_utf8_is_a_finding(tmp_path):
    name = os.fsdecode(b"caf\xe9.md")
    try:
        (tmp_path / name).write_text("words", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    found = skipped(Settings(), tmp_path / name)
    assert found == [("'caf\\udce9.md'", "the file name is not UTF-8; rename the file")]
