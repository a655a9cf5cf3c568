"""Queries out of notes without labels, and the notes without what these are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_file
from notesearch.corpus.words.search_text import to_words
from notesearch.evaluation.auto import AutoKind, AutoQueries, make_queries
from notesearch.evaluation.hold_out import HeldOutCorpus, hold_out, pattern_of
from notesearch.index.reports import LazyEmbedder
from notesearch.index.update import UpdatePlan, update_index
from notesearch.records import ListedFile, Listing, ReadFile
from tests.fakes import WordEmbedder

# Distinct filler for each note: enough words to find a note by when its line is gone.
BODY = "\n\n".join(
    f"The {{word}} study looks at case number {number} with great care and finds it sound."
    for number in ("one", "two", "three", "four")
)
SUMMARY = "The {word} method trains\nwithout any reward model at all."


def note(word: str, *, title: str | None = None, summary: bool = True, head: str = "") -> str:
    tldr = f"## TL;DR\n\n{SUMMARY}\n\n" if summary else ""
    title = f"A Paper About {word.title()} Things" if title is None else title
    return f"{head}# {title}\n\n{tldr}## Method\n\n{BODY}\n".format(word=word)


def read(folder: Path, files: dict[str, str]) -> list[ReadFile]:
    """Read notes and cut them, a token a word."""
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")
    readings = [read_file(folder, path) for path in files]
    return [ReadFile(reading, tuple(map(cut, reading.notes))) for reading in readings]


def cut(note):
    count = lambda texts: [len(text.split()) for text in texts]  # noqa: E731
    return tuple(chunk_note(note, max_tokens=60, count=count))


def made(files: list[ReadFile], per_kind: int = 100) -> AutoQueries:
    return make_queries(files, to_words=to_words, per_kind=per_kind)


def searched(file: ReadFile) -> str:
    """All that a file's notes are searched by, on one line."""
    texts = [passage.search_text for own in file.passages for passage in own]
    names = [name for one in file.reading.notes for name in (one.title, *one.aliases)]
    headings = [name for own in file.passages for passage in own for name in passage.section]
    return " ".join(" ".join([*texts, *names, *headings]).split())


def test_summary_line_asks_for_its_note_and_is_held_out(tmp_path: Path) -> None:
    (file,) = read(tmp_path, {"a.md": note("alpha")})
    auto = made([file])
    (query,) = auto.queries
    assert query.kind == AutoKind.SUMMARY.value
    assert query.text == "The alpha method trains without any reward model at all."
    assert query.relevant == {"a.md": 1}
    assert query.text in searched(file)
    held = hold_out(file, auto.held_out)
    assert "reward model" not in searched(held)
    assert "A Paper About Alpha Things" in searched(held)
    assert "case number four" in searched(held)


def test_title_asks_for_its_body_and_is_held_out_wherever_it_stands(tmp_path: Path) -> None:
    text = note("alpha", summary=False) + "\nSee also a paper about\nalpha things, part two.\n"
    (file,) = read(tmp_path, {"a.md": text})
    auto = made([file])
    (query,) = auto.queries
    assert (query.kind, query.text) == (AutoKind.TITLE.value, "A Paper About Alpha Things")
    held = hold_out(file, auto.held_out)
    assert "alpha things" not in searched(held).casefold()
    assert "part two" in searched(held)
    assert held.reading.notes[0].title == ""
    # The place of the title stays, so that no line of the body takes it.
    assert all(passage.search_text.startswith("\n") for passage in held.passages[0])


def test_what_is_shown_stays_as_it_is(tmp_path: Path) -> None:
    (file,) = read(tmp_path, {"a.md": note("alpha")})
    held = hold_out(file, made([file]).held_out)
    shown = [passage.text for passage in held.passages[0]]
    assert shown == [passage.text for passage in file.passages[0]]


def test_quoted_sentence_is_left_where_it_stands(tmp_path: Path) -> None:
    (file,) = read(tmp_path, {"a.md": note("alpha", title="Alpha", summary=False)})
    auto = made([file])
    (query,) = auto.queries
    assert query.kind == AutoKind.SENTENCE.value
    assert query.text in searched(file)
    assert auto.held_out == {}
    assert hold_out(file, auto.held_out) is file


def test_notes_on_one_paper_ask_for_each_other_and_not_for_themselves(tmp_path: Path) -> None:
    link = "Paper: https://arxiv.org/abs/2305.18290\n\n"
    first = note("alpha").replace("## TL;DR", f"{link}## TL;DR")
    second = note("beta").replace("## TL;DR", f"{link}## TL;DR")
    auto = made(read(tmp_path, {"a.md": first, "b.md": second}))
    asked = {next(iter(query.ignored)): query for query in auto.queries}
    assert set(asked) == {"a.md", "b.md"}
    assert asked["a.md"].relevant == {"b.md": 1}
    assert asked["b.md"].relevant == {"a.md": 1}
    assert {query.kind for query in auto.queries} == {AutoKind.SAME_PAPER.value}
    assert auto.held_out == {}


def test_notes_of_one_title_are_on_one_paper_unless_their_papers_differ(tmp_path: Path) -> None:
    title = "A Paper About Many Things"
    like = made(
        read(tmp_path, {"a.md": note("alpha", title=title), "b.md": note("beta", title=title)})
    )
    assert {query.kind for query in like.queries} == {AutoKind.SAME_PAPER.value}
    papers = {
        f"{word}.md": note(word, title=title).replace("## TL;DR", f"arXiv:{paper}\n\n## TL;DR")
        for word, paper in (("gamma", "2305.18290"), ("delta", "2305.18291"))
    }
    apart = made(read(tmp_path, papers))
    assert {query.kind for query in apart.queries} == {AutoKind.SUMMARY.value}


def test_title_of_a_template_names_no_paper(tmp_path: Path) -> None:
    words = [f"alpha{letter}" for letter in "abcdefghijk"]
    texts = {f"{word}.md": note(word, title="My Weekly Reading Notes") for word in words}
    kinds = {query.kind for query in made(read(tmp_path, texts)).queries}
    assert kinds == {AutoKind.SUMMARY.value}


def test_line_that_stands_in_two_notes_asks_for_none(tmp_path: Path) -> None:
    texts = {f"{name}.md": note("alpha", title=name) for name in ("One", "Two")}
    assert made(read(tmp_path, texts)).queries == ()


def test_note_with_nothing_but_its_line_is_not_asked_for(tmp_path: Path) -> None:
    line = SUMMARY.format(word="alpha")
    auto = made(read(tmp_path, {"a.md": f"# Alpha\n\n## TL;DR\n\n{line}\n"}))
    assert AutoKind.SUMMARY.value not in {query.kind for query in auto.queries}


def test_index_pages_are_not_asked_for(tmp_path: Path) -> None:
    (file,) = read(tmp_path, {"a.md": note("alpha")})
    index_page = type(file.reading.notes[0].kind).INDEX_PAGE
    notes = (replace(file.reading.notes[0], kind=index_page),)
    assert made([replace(file, reading=replace(file.reading, notes=notes))]).queries == ()


def test_each_note_serves_one_kind_and_kinds_have_a_limit(tmp_path: Path) -> None:
    words = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
    texts = {f"{word}.md": note(word, summary=word < "d") for word in words}
    files = read(tmp_path, texts)
    auto = made(files)
    kinds = [query.kind for query in auto.queries]
    assert kinds.count(AutoKind.SUMMARY.value) == 2
    assert kinds.count(AutoKind.TITLE.value) == kinds.count(AutoKind.SENTENCE.value) == 3
    asked = [name for query in auto.queries for name in query.relevant]
    assert len(asked) == len(set(asked))
    few = made(files, per_kind=1)
    assert len(few.queries) == 3
    assert made(files[::-1]) == auto


class Files:
    """A corpus in memory."""

    def __init__(self, files: list[ReadFile]) -> None:
        self.files = {file.reading.path: file for file in files}

    def list_files(self):
        return Listing(tuple(ListedFile(path, 1, 1) for path in self.files))

    def hash_file(self, path):
        return f"hash of {path}"

    def read_files(self, paths):
        return [self.files[path] for path in paths]


def test_held_out_corpus_is_the_corpus_without_the_lines(tmp_path: Path) -> None:
    files = read(tmp_path, {"a.md": note("alpha"), "b.md": note("beta", title="B", summary=False)})
    whole = Files(files)
    auto = made(files)
    held = HeldOutCorpus(whole, auto.held_out)
    assert held.list_files() == whole.list_files()
    assert held.hash_file("a.md") == whole.hash_file("a.md")
    assert list(held.read_files(["b.md", "a.md"])) == [files[1], hold_out(files[0], auto.held_out)]
    assert held.fingerprint == HeldOutCorpus(whole, dict(auto.held_out)).fingerprint
    assert held.fingerprint != HeldOutCorpus(whole, {}).fingerprint


def test_index_of_the_held_out_corpus_embeds_what_changed_alone(tmp_path: Path) -> None:
    files = read(tmp_path, {"a.md": note("alpha"), "b.md": note("beta", title="B", summary=False)})
    whole, embedder = Files(files), WordEmbedder()
    held = HeldOutCorpus(whole, made(files).held_out)
    for corpus, reading in ((whole, "whole"), (held, held.fingerprint)):
        embedder.embedded.clear()
        model = LazyEmbedder(embedder.fingerprint, lambda: embedder)
        update_index(tmp_path / "index", UpdatePlan(corpus, model, reading, lambda tag: [tag]))
    changed = {
        after.search_text
        for before, after in zip(
            files[0].passages[0], next(iter(held.read_files(["a.md"]))).passages[0], strict=True
        )
        if before.search_text != after.search_text
    }
    assert changed
    assert set(embedder.embedded) == changed


@settings(deadline=None)
@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_held_out_text_is_found_in_any_case_and_across_lines(
    text: str, before: str, after: str
) -> None:
    words = "\n".join(text.split())
    assert pattern_of(text).search(f"{before} {words} {after}")


@pytest.mark.parametrize(("text", "whole"), [("a b", "ba b"), ("a b", "a bc"), ("a.b", "axb")])
def test_part_of_a_word_is_not_held_out(text: str, whole: str) -> None:
    assert not pattern_of(text).search(whole)
