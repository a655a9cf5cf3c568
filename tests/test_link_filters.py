"""Filters by the links of notes, as the library answers them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Index, JoinedIndex
from notesearch.errors import UsageError
from notesearch.query.filters import LinkedFrom, LinksTo
from tests.fakes import WordEmbedder

NOTES = {
    "dpo.md": (
        "---\ntags: [rl]\narxiv: 2305.18290\n---\n# Direct Preference\n\nA reward, not [[ppo]].\n"
    ),
    "ppo.md": "# PPO\n\nA reward and a policy, in [[ppo]] itself.\n",
    "kto.md": "---\ntags: [rl]\n---\n# KTO\n\nA reward, as in arXiv:2305.18290 and [[dpo]].\n",
    "ipo.md": "# My IPO\n\nA reward: [dpo](dpo.md), [KTO](kto.md), [nothing](gone.md).\n",
    "alone.md": "# Alone\n\nA robot.\n",
}


def make(folder: Path, notes: dict[str, str]) -> Index:
    (folder / "corpus").mkdir(parents=True)
    for path, text in notes.items():
        (folder / "corpus" / path).write_text(text, encoding="utf-8")
    index = Index.open(folder / "index", WordEmbedder(), create=True)
    index.update(folder / "corpus")
    return index


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with make(tmp_path, NOTES) as index:
        yield index


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("links-to:dpo.md", {"kto.md", "ipo.md"}),
        ("links-to:dpo", {"kto.md", "ipo.md"}),
        ('links-to:"direct preference"', {"kto.md", "ipo.md"}),
        ("links-to:dpo.md:7", {"kto.md", "ipo.md"}),
        ("links-to:direct", {"kto.md", "ipo.md"}),
        ("-links-to:dpo", {"dpo.md", "ppo.md", "alone.md"}),
        ("linked-from:ipo", {"dpo.md", "kto.md"}),
        ("-linked-from:ipo", {"ppo.md", "ipo.md", "alone.md"}),
        ("links-to:dpo tag:rl", {"kto.md"}),
        ("(links-to:dpo OR links-to:ppo) -tag:rl", {"ipo.md"}),
        ("links-to:dpo,ppo", {"kto.md", "ipo.md", "dpo.md"}),
        # A link of a note to itself says nothing of others.
        ("links-to:ppo", {"dpo.md"}),
        ("linked-from:ppo", set()),
        ("links-to:alone", set()),
        ("-links-to:alone", set(NOTES)),
    ],
)
def test_filter_by_links_lets_through(index: Index, line: str, paths: set[str]) -> None:
    assert {note.path for note in index.notes(line)} == paths
    assert {hit.path for hit in index.query(line)} == paths
    assert {stored.note.path for stored in index.passages(line)} == paths
    assert {hit.path for hit in index.query(f"reward {line}", mode="lexical")} == (
        paths - {"alone.md"}
    )


def test_filter_goes_with_similar_quotes_tags_and_papers(index: Index) -> None:
    like = index.similar("ppo.md", where="links-to:dpo").hits
    assert {hit.path for hit in like} == {"kto.md", "ipo.md"}
    assert [one.hit.path for one in index.quote("a reward", where="links-to:ppo")] == ["dpo.md"]
    assert [(tag.normal, tag.notes) for tag in index.tags("links-to:dpo")] == [("rl", 1)]
    assert [paper.ids for paper in index.papers("linked-from:kto")] == [("arxiv:2305.18290",)]


def test_filter_may_be_made_in_python_and_is_said_as_it_was_asked(index: Index) -> None:
    where = LinksTo("dpo") & ~LinkedFrom("ipo")
    assert {note.path for note in index.notes(where)} == {"ipo.md"}
    assert index.search("reward", where=where).where == "links-to:dpo -linked-from:ipo"


def test_note_that_comes_later_is_found_by_its_link(index: Index) -> None:
    assert {note.path for note in index.notes("links-to:dpo")} == {"kto.md", "ipo.md"}
    (index.corpus / "new.md").write_text("# New\n\nA robot [[dpo]].\n", encoding="utf-8")
    index.update()
    assert {note.path for note in index.notes("links-to:dpo")} == {"kto.md", "ipo.md", "new.md"}
    (index.corpus / "dpo.md").rename(index.corpus / "dpo-paper.md")
    index.update()
    # What is left is the paper that one of them names.
    assert {note.path for note in index.notes("links-to:dpo-paper")} == {"kto.md"}


def test_several_indexes_are_asked_each_by_its_own_links(index: Index, tmp_path: Path) -> None:
    notes = {"x.md": "# X\n\nA reward [[dpo]] and [[y]].\n", "y.md": "# Y\n\nA reward.\n"}
    with JoinedIndex({"a": index, "b": make(tmp_path / "second", notes)}) as both:
        assert {note.path for note in both.notes("links-to:y")} == {"b:x.md"}
        assert {hit.path for hit in both.query("reward links-to:b:y.md")} == {"b:x.md"}
        assert {note.path for note in both.notes("links-to:a:dpo.md")} == {"a:kto.md", "a:ipo.md"}
        assert len(both.notes("-links-to:y")) == len(NOTES) + 1
        assert [tag.notes for tag in both.tags("links-to:dpo")] == [1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'reward links-to:"direct prefrence"',
            "no note is called direct prefrence; did you mean dpo.md?\n"
            '    reward links-to:"direct prefrence"\n           ^^^^^^^^^^^^^^^^^^^^^^^^^^^',
        ),
        (
            "-(tag:rl OR linked-from:PO)",
            "no note is called PO; did you mean ppo.md or dpo.md or ipo.md?\n",
        ),
        ("link-to:dpo", "link-to: is no filter; did you mean links-to: as in links-to:dpo.md?"),
    ],
)
def test_note_that_is_not_there_is_refused_with_the_nearest(
    index: Index, line: str, message: str
) -> None:
    with pytest.raises(UsageError) as refused:
        index.query(line)
    assert str(refused.value).startswith(message)


def test_note_of_a_filter_beside_the_line_is_refused_without_a_place(index: Index) -> None:
    for where in ('links-to:"direct prefrence"', LinksTo("direct prefrence")):
        with pytest.raises(UsageError) as refused:
            index.similar("dpo.md", where=where)
        assert str(refused.value) == ("no note is called direct prefrence; did you mean dpo.md?")
