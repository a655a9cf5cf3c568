"""Links between notes, as the library finds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Index, JoinedIndex, LinkKind
from notesearch.errors import UsageError
from tests.fakes import WordEmbedder

NOTES = {
    "dpo.md": "# Direct Preference\n\nIt does without [[ppo]]. See [KTO](new/kto.md).\n",
    "rl/ppo.md": "---\naliases: [clipping]\n---\n# PPO\n\nA policy. [[dpo|The other]] is simple.\n",
    "rl/trpo.md": "# TRPO\n\nBefore [[Clipping]], a [[trust region]].\n\nIt is [[trpo]] itself.\n",
    "alone.md": "# Alone\n\nA robot.\n",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for path, text in NOTES.items():
        (tmp_path / "corpus" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "corpus" / path).write_text(text, encoding="utf-8")
    return tmp_path / "corpus"


@pytest.fixture
def index(corpus: Path) -> Iterator[Index]:
    with Index.open(corpus.parent / "index", WordEmbedder(), create=True) as index:
        index.update(corpus)
        yield index


def test_links_and_backlinks_of_a_note_have_place_and_sentence(index: Index) -> None:
    found = index.links("rl/ppo.md")
    assert found.note.title == "PPO"
    (link,) = found.links
    assert (link.path, link.line, link.kind) == ("rl/ppo.md", 6, LinkKind.WIKILINK)
    assert (link.target, link.sentence) == ("dpo", "The other is simple.")
    assert (link.to_note_id, link.to_path, link.to_title, link.is_broken) == (
        "dpo.md", "dpo.md", "Direct Preference", False,
    )  # fmt: skip
    assert [(one.path, one.line, one.sentence) for one in found.backlinks] == [
        ("dpo.md", 3, "It does without ppo."),
        ("rl/trpo.md", 3, "Before Clipping, a trust region."),
    ]


def test_broken_links_lead_to_no_note(index: Index) -> None:
    broken = index.broken_links()
    assert [(one.path, one.target) for one in broken] == [
        ("dpo.md", "new/kto.md"),
        ("rl/trpo.md", "trust region"),
    ]
    assert all(one.is_broken and one.to_title is None for one in broken)


def test_note_that_links_to_itself_alone_has_no_links(index: Index) -> None:
    assert [one.target for one in index.links("rl/trpo.md").links] == ["Clipping", "trust region"]
    assert index.links("rl/trpo.md").backlinks == ()
    assert len(index.all_links()) == 6


def test_orphans_have_no_link_in_or_out(index: Index) -> None:
    assert [note.path for note in index.orphans()] == ["alone.md"]


def test_new_note_mends_a_link_of_another_that_is_not_read_again(
    index: Index, corpus: Path
) -> None:
    (corpus / "new").mkdir()
    (corpus / "new/kto.md").write_text("# KTO\n\nA reward.\n", encoding="utf-8")
    report = index.update()
    assert (report.added, report.changed, report.unchanged) == (("new/kto.md",), (), 4)
    assert [one.to_title for one in index.links("dpo.md").links] == ["PPO", "KTO"]
    assert [one.path for one in index.links("new/kto.md").backlinks] == ["dpo.md"]


def test_renamed_note_breaks_links_to_it_and_keeps_its_own(index: Index, corpus: Path) -> None:
    (corpus / "dpo.md").rename(corpus / "direct.md")
    report = index.update()
    assert report.renamed == (("dpo.md", "direct.md"),)
    assert report.passages_embedded == 0
    assert ("rl/ppo.md", "dpo") in [(one.path, one.target) for one in index.broken_links()]
    assert index.links("direct.md").links[0].to_path == "rl/ppo.md"


def test_removed_note_takes_its_links_away(index: Index, corpus: Path) -> None:
    (corpus / "rl/trpo.md").unlink()
    index.update()
    assert "rl/trpo.md" not in {one.path for one in index.all_links()}
    assert len(index.links("rl/ppo.md").backlinks) == 1


def test_note_that_was_added_has_links_too(index: Index) -> None:
    index.add("Today we spoke of [[dpo]].", id="chat", title="A chat")
    assert [one.title for one in index.links("dpo.md").backlinks] == ["A chat", "PPO"]


def test_links_stay_within_their_index(index: Index, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x.md").write_text("# X\n\nSee [[dpo]] and [[y]].\n", encoding="utf-8")
    (tmp_path / "other/y.md").write_text("# Y\n\nA robot.\n", encoding="utf-8")
    other = Index.open(tmp_path / "second", WordEmbedder(), create=True)
    other.update(tmp_path / "other")
    with JoinedIndex({"a": index, "b": other}) as both:
        assert [(one.target, one.to_note_id) for one in both.links("b:x.md").links] == [
            ("dpo", None),
            ("y", "b:y.md"),
        ]
        assert [one.note_id for one in both.links("a:dpo.md").backlinks] == ["a:rl/ppo.md"]
        assert [note.path for note in both.orphans()] == ["a:alone.md"]


def test_name_of_a_note_is_a_text(index: Index) -> None:
    with pytest.raises(UsageError, match="no note is called nowhere"):
        index.links("nowhere")
    with pytest.raises(UsageError):
        index.links(None)  # type: ignore[arg-type]
