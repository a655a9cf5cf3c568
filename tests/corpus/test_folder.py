"""A folder of notes as an update and `parse` see it: real files, through the library."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch import Index, Settings
from notesearch.corpus.folder import DEFAULT_CORPUS, parse_paths, writes_inline_tags
from notesearch.errors import ModelError, UsageError
from notesearch.index.reports import UpdateReport
from notesearch.records import ReadFile
from tests.fakes import WordEmbedder


class WordCounter:
    """A counter for passages of 60 words."""

    max_tokens = 60

    def count_many(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def parse(settings: Settings, *paths: Path, counter=WordCounter, debug=False) -> list[ReadFile]:
    """Read files as `notesearch parse` does."""
    corpus = settings.corpus or DEFAULT_CORPUS
    return list(parse_paths(paths, corpus, settings.reading_options, counter, debug=debug))


def update(place: Path, settings: Settings, *, rebuild: bool = False) -> UpdateReport:
    with Index.open(place / "index", WordEmbedder(), create=True, settings=settings) as index:
        return index.update(place / "corpus", rebuild=rebuild)


def stored(place: Path) -> dict[str, tuple[str, ...]]:
    """Give the tags of each note of the index."""
    with Index.open(place / "index", WordEmbedder()) as index:
        return {note.note_id: note.tags for note in index.notes()}


def skipped(settings: Settings, *paths: Path) -> list[tuple[str, str]]:
    files = parse(settings, *paths)
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


def test_update_equals_rebuild_when_new_files_decide_on_hashtags_in_prose(tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(20):
        text = f"# Note {number}\n\nThe policy takes #steps in prose.\n"
        (corpus / f"n{number}.md").write_text(text, encoding="utf-8")
    update(tmp_path, Settings())
    assert set(stored(tmp_path).values()) == {()}
    for number in range(10):
        text = f"# Tagged {number}\n\n#reward #policy\n\nThe reward is #small here.\n"
        (corpus / f"t{number}.md").write_text(text, encoding="utf-8")
    update(tmp_path, Settings())
    updated = stored(tmp_path)
    update(tmp_path, Settings(), rebuild=True)
    assert updated == stored(tmp_path)
    assert updated["n0.md"] == ("steps",)
    for number in range(10):
        (corpus / f"t{number}.md").unlink()
    update(tmp_path, Settings())
    assert set(stored(tmp_path).values()) == {()}


def test_update_reads_no_note_when_the_decision_stays(tmp_path):
    (tmp_path / "corpus").mkdir()
    for name in ("a", "b"):
        text = f"# Note {name}\n\n#reward #policy\n"
        (tmp_path / "corpus" / f"{name}.md").write_text(text, encoding="utf-8")
    first = update(tmp_path, Settings())
    second = update(tmp_path, Settings())
    assert (second.unchanged, second.generation) == (2, first.generation)
    assert second.passages_reused == 0


class Choking(WordEmbedder):
    """A model whose tokenizer has a bug for one word."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def count_tokens(self, text: str) -> int:
        if "indigestible" in text:
            raise self._error
        return super().count_tokens(text)


@pytest.fixture
def three_notes(tmp_path):
    (tmp_path / "corpus").mkdir()
    for name, word in (("a", "policy"), ("b", "indigestible"), ("c", "reward")):
        text = f"# The {word}\n\nWords on the {word}.\n"
        (tmp_path / "corpus" / f"{name}.md").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("x\ny"), "KeyError: 'x\\ny'"),
        (ValueError("one\ntwo"), "ValueError: one"),
        (RecursionError("maximum recursion depth exceeded"), "RecursionError: maximum recursion"),
        (AssertionError(), "AssertionError;"),
    ],
)
def test_error_of_ours_in_one_file_is_its_finding_and_the_rest_is_read(three_notes, error, said):
    with Index.open(three_notes / "index", Choking(error), create=True) as index:
        report = index.update(three_notes / "corpus")
        assert [note.path for note in index.notes()] == ["a.md", "c.md"]
    ((path, reason),) = [(skip.path, skip.reason) for skip in report.skipped]
    assert path == "b.md"
    assert reason.startswith(f"cannot be read: {said}")
    assert reason.endswith("; this is a bug in notesearch, please report it")


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), ModelError("no model")])
def test_error_that_is_no_fault_of_the_file_ends_the_update(three_notes, error):
    with (
        Index.open(three_notes / "index", Choking(error), create=True) as index,
        pytest.raises(type(error)),
    ):
        index.update(three_notes / "corpus")


def test_debug_keeps_the_traceback(three_notes):
    class ChokingCounter(WordCounter):
        def count_many(self, texts):
            return list(map(Choking(KeyError("x")).count_tokens, texts))

    with pytest.raises(KeyError):
        parse(Settings(), three_notes / "corpus", counter=ChokingCounter, debug=True)


@pytest.mark.parametrize(("pattern", "is_read"), [("^(a+)+$", True), ("^(a|aa)+$", False)])
def test_pattern_of_a_reading_rule_has_bounded_time(tmp_path, pattern, is_read):
    (tmp_path / "a.md").write_text("# A title\n\n" + "a" * 60 + "b\n", encoding="utf-8")
    program = """
import sys
from pathlib import Path
from notesearch import Settings
from notesearch.corpus.reading_rules import ReadingRule
from notesearch.corpus.folder import parse_paths
from tests.corpus.test_folder import WordCounter
options = Settings(reading=(ReadingRule("*.md", record_start=sys.argv[2]),)).reading_options
(file,) = parse_paths([Path(sys.argv[1])], Path("corpus"), options, WordCounter)
print(file.reading.skipped.reason if file.reading.skipped else "read")
"""
    command = [sys.executable, "-c", program, tmp_path / "a.md", pattern]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    refused = f"record_start {pattern!r} takes too long here; use no repeats within repeats"
    assert ended.stdout.strip() == ("read" if is_read else refused)


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
    (file,) = parse(Settings(), linked / "here.md")
    assert file.reading.notes[0].title == "outside/b.md"


def test_parse_of_a_pipe_is_a_finding(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    found = skipped(Settings(), tmp_path / "pipe.md")
    assert found == [("pipe.md", "cannot be read: not a regular file")]


def test_parse_of_a_path_longer_than_the_system_allows_is_an_error_of_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read: File name too long$"):
        parse(Settings(), tmp_path / ("x" * 300))


def test_parse_of_a_name_that_is_not_utf8_is_a_finding(tmp_path):
    name = os.fsdecode(b"caf\xe9.md")
    try:
        (tmp_path / name).write_text("words", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    found = skipped(Settings(), tmp_path / name)
    assert found == [("'caf\\udce9.md'", "the file name is not UTF-8; rename the file")]


def write(corpus, name, text):
    (corpus / name).write_text(text, encoding="utf-8")
    return name


def test_ten_files_with_a_line_of_hashtags_show_the_habit(tmp_path):
    paths = [write(tmp_path, f"{n}.md", "# T\n\n#dpo #rl\n") for n in range(9)]
    paths += [write(tmp_path, f"p{n}.md", "# T\n\nSolved #3 of these.\n") for n in range(50)]
    assert not writes_inline_tags(tmp_path, paths)
    paths.append(write(tmp_path, "last.md", "#dpo #rl\n"))
    assert writes_inline_tags(tmp_path, paths)


def test_vault_of_obsidian_has_the_habit(tmp_path):
    (tmp_path / ".obsidian").mkdir()
    assert writes_inline_tags(tmp_path, [])


def test_sample_is_bounded_and_the_same_in_any_order(tmp_path, monkeypatch):
    paths = [f"{n}.md" for n in range(2_000)]
    read = []

    def note_and_refuse(corpus, path, **_):
        read.append(path)
        raise FileNotFoundError

    monkeypatch.setattr("notesearch.corpus.folder.read_inside", note_and_refuse)
    writes_inline_tags(tmp_path, paths)
    first, read[:] = set(read), []
    writes_inline_tags(tmp_path, random.Random(1).sample(paths, len(paths)))
    assert first == set(read)
    assert len(first) == 300
    read[:] = []
    writes_inline_tags(tmp_path, [*paths, "new.md"])
    assert len(first - set(read)) <= 1


def test_file_that_cannot_be_read_is_passed_over(tmp_path):
    paths = [write(tmp_path, f"{n}.md", "#dpo #rl\n") for n in range(10)]
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    assert writes_inline_tags(tmp_path, ["gone.md", *paths])
