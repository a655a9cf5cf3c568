"""Queries out of notes without labels, and the notes without what these are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_file
from notesearch.evaluation import own_notes
from notesearch.evaluation.own_notes import (
    AutoKind,
    HeldOutCorpus,
    hold_out,
    make_queries,
    pattern_of,
)
from notesearch.index.update import UpdatePlan, update_index
from notesearch.lazy import Lazy
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


def searched(file: ReadFile) -> str:
    """All that a file's notes are searched by, on one line."""
    texts = [passage.search_text for own in file.passages for passage in own]
    names = [name for one in file.reading.notes for name in (one.title, *one.aliases)]
    headings = [name for own in file.passages for passage in own for name in passage.section]
    return " ".join(" ".join([*texts, *names, *headings]).split())


def test_summary_line_asks_for_its_note_and_is_held_out(tmp_path: Path) -> None:
    (file,) = read(tmp_path, {"a.md": note("alpha")})
    auto = make_queries([file])
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
    auto = make_queries([file])
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
    held = hold_out(file, make_queries([file]).held_out)
    shown = [passage.text for passage in held.passages[0]]
    assert shown == [passage.text for passage in file.passages[0]]


def test_quoted_sentence_is_left_where_it_stands(tmp_path: Path) -> None:
    (file,) = read(tmp_path, {"a.md": note("alpha", title="Alpha", summary=False)})
    auto = make_queries([file])
    (query,) = auto.queries
    assert query.kind == AutoKind.SENTENCE.value
    assert query.text in searched(file)
    assert auto.held_out == {}
    assert hold_out(file, auto.held_out) is file


def test_notes_on_one_paper_are_not_asked_for(tmp_path: Path) -> None:
    link = "Paper: https://arxiv.org/abs/2305.18290\n\n"
    first = note("alpha").replace("## TL;DR", f"{link}## TL;DR")
    second = note("beta").replace("## TL;DR", f"{link}## TL;DR")
    auto = make_queries(read(tmp_path, {"a.md": first, "b.md": second, "c.md": note("gamma")}))
    assert [dict(query.relevant) for query in auto.queries] == [{"c.md": 1}]
    assert list(auto.held_out) == ["c.md"]


def test_notes_of_one_title_are_on_one_paper_unless_their_papers_differ(tmp_path: Path) -> None:
    title = "A Paper About Many Things"
    like = make_queries(
        read(tmp_path, {"a.md": note("alpha", title=title), "b.md": note("beta", title=title)})
    )
    assert like.queries == ()
    papers = {
        f"{word}.md": note(word, title=title).replace("## TL;DR", f"arXiv:{paper}\n\n## TL;DR")
        for word, paper in (("gamma", "2305.18290"), ("delta", "2305.18291"))
    }
    apart = make_queries(read(tmp_path, papers))
    assert {query.kind for query in apart.queries} == {AutoKind.SUMMARY.value}


def test_title_of_a_template_names_no_paper(tmp_path: Path) -> None:
    words = [f"alpha{letter}" for letter in "abcdefghijk"]
    texts = {f"{word}.md": note(word, title="My Weekly Reading Notes") for word in words}
    kinds = {query.kind for query in make_queries(read(tmp_path, texts)).queries}
    assert kinds == {AutoKind.SUMMARY.value}


def test_line_that_stands_in_two_notes_asks_for_none(tmp_path: Path) -> None:
    texts = {f"{name}.md": note("alpha", title=name) for name in ("One", "Two")}
    assert make_queries(read(tmp_path, texts)).queries == ()


def test_note_with_nothing_but_its_line_is_not_asked_for(tmp_path: Path) -> None:
    line = SUMMARY.format(word="alpha")
    auto = make_queries(read(tmp_path, {"a.md": f"# Alpha\n\n## TL;DR\n\n{line}\n"}))
    assert AutoKind.SUMMARY.value not in {query.kind for query in auto.queries}


def test_index_pages_are_not_asked_for(tmp_path: Path) -> None:
    (file,) = read(tmp_path, {"a.md": note("alpha")})
    index_page = type(file.reading.notes[0].kind).INDEX_PAGE
    notes = (replace(file.reading.notes[0], kind=index_page),)
    assert make_queries([replace(file, reading=replace(file.reading, notes=notes))]).queries == ()


def test_each_note_serves_one_kind_and_kinds_have_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
    texts = {f"{word}.md": note(word, summary=word < "d") for word in words}
    files = read(tmp_path, texts)
    auto = make_queries(files)
    kinds = [query.kind for query in auto.queries]
    assert kinds.count(AutoKind.SUMMARY.value) == 2
    assert kinds.count(AutoKind.TITLE.value) == kinds.count(AutoKind.SENTENCE.value) == 3
    asked = [name for query in auto.queries for name in query.relevant]
    assert len(asked) == len(set(asked))
    assert make_queries(files[::-1]) == auto
    monkeypatch.setattr(own_notes, "_MOST_OF_A_KIND", 1)
    assert len(make_queries(files).queries) == 3


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
    auto = make_queries(files)
    held = HeldOutCorpus(whole, auto.held_out)
    assert held.list_files() == whole.list_files()
    assert held.hash_file("a.md") == whole.hash_file("a.md")
    assert list(held.read_files(["b.md", "a.md"])) == [files[1], hold_out(files[0], auto.held_out)]
    assert held.fingerprint == HeldOutCorpus(whole, dict(auto.held_out)).fingerprint
    assert held.fingerprint != HeldOutCorpus(whole, {}).fingerprint


def test_index_of_the_held_out_corpus_embeds_what_changed_alone(tmp_path: Path) -> None:
    files = read(tmp_path, {"a.md": note("alpha"), "b.md": note("beta", title="B", summary=False)})
    whole, embedder = Files(files), WordEmbedder()
    held = HeldOutCorpus(whole, make_queries(files).held_out)
    for corpus, reading in ((whole, "whole"), (held, held.fingerprint)):
        embedder.embedded.clear()
        plan = UpdatePlan(
            source=corpus,
            embedder=Lazy(lambda: embedder),
            embedder_fingerprint=embedder.fingerprint,
            reading=reading,
        )
        update_index(tmp_path / "index", plan)
    changed = {
        after.search_text
        for before, after in zip(
            files[0].passages[0], next(iter(held.read_files(["a.md"]))).passages[0], strict=True
        )
        if before.search_text != after.search_text
    }
    assert changed
    assert set(embedder.embedded) == changed


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_held_out_text_is_found_in_any_case_and_across_lines(
    text: str, before: str, after: str
) -> None:
    words = "\n".join(text.split())
    assert pattern_of(text).search(f"{before} {words} {after}")


@pytest.mark.parametrize(("text", "whole"), [("a b", "ba b"), ("a b", "a bc"), ("a.b", "axb")])
def test_part_of_a_word_is_not_held_out(text: str, whole: str) -> None:
    assert not pattern_of(text).search(whole)
