"""Comparisons: what names mean, what both sides speak of, what only one says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import Comparison, Index, NoteNameError, Role, SideKind, UsageError
from notesearch.search.comparison import _spread
from notesearch.search.sentence_likeness import find_pairs, least_likeness
from notesearch.search.verdict import UNRELATED
from tests.fakes import WordEmbedder

FIRST = """---
title: Small Steps for Policies
arxiv: 2305.18290
authors: Ada Lee
---

## Method

The policy takes small clipped steps along its gradient.
Every rollout is reused for several epochs of minibatches.

## Limitations

A graph of trust regions is costly for shared networks.

## References

[1] Lee et al. Clipped steps for large policies. 2019.
"""
SECOND = """---
title: Trust Regions
---

**Authors:** Ben Moss, Cleo Quint, Dora Tell

## Approach

- Its policy takes small steps, clipped along the gradient.

## Weak spots

- A robot walks over gravel without any camera mounted.
"""
THIRD = """---
title: Small Steps for Policies
doi: 10.48550/arXiv.2305.18290
---

## Results

The image benchmark improves by eleven points over baselines.
"""
FORM = "Write here what problem this paper tries to solve."
FAR = "# Proteins\n\nProtein folding releases energy inside membranes.\n"


def embedder_of(*texts: str) -> WordEmbedder:
    """Give each word of some texts an axis, and of questions about something else too."""
    words = " ".join((*texts, *UNRELATED)).lower().split()
    return WordEmbedder(tuple(dict.fromkeys(words)))


@pytest.fixture
def index(tmp_path: Path):
    notes = {"first.md": FIRST, "second.md": SECOND, "third.md": THIRD, "far.md": FAR}
    for path, text in notes.items():
        (tmp_path / "notes").mkdir(exist_ok=True)
        (tmp_path / "notes" / path).write_text(text, encoding="utf-8")
    with Index.open(tmp_path / "index", embedder_of(*notes.values()), create=True) as index:
        index.update(tmp_path / "notes")
        yield index


def sentences_of(found: Comparison) -> list[str]:
    return [said.sentence for said in found.only_a]


def test_what_both_say_is_a_pair_with_places_words_and_role(index):
    found = index.compare("first.md", "second.md")
    (pair,) = found.both
    assert (pair.a.sentence, pair.b.sentence) == (
        "The policy takes small clipped steps along its gradient.",
        "Its policy takes small steps, clipped along the gradient.",
    )
    assert pair.role is Role.METHOD
    assert set(pair.words) <= {"policy", "small", "clipped", "steps", "along", "gradient"}
    assert (pair.a.hit.path, pair.a.line_start, pair.b.line_start) == ("first.md", 9, 9)
    assert found.pairs == 1


def test_what_has_no_counterpart_is_listed_without_data_and_references(index):
    found = index.compare("first.md", "second.md")
    assert sentences_of(found) == [
        "Every rollout is reused for several epochs of minibatches.",
        "A graph of trust regions is costly for shared networks.",
    ]
    assert [said.role for said in found.only_a] == [Role.METHOD, Role.LIMITATIONS]
    (other,) = found.only_b
    assert other.sentence == "A robot walks over gravel without any camera mounted."
    assert (other.role, other.hit.rank) == (Role.LIMITATIONS, 1)


def test_sides_change_places_and_nothing_else_does(index):
    one, other = index.compare("first.md", "second.md"), index.compare("second.md", "first.md")
    assert (one.a, one.b) == (other.b, other.a)
    assert [pair.a.sentence for pair in one.both] == [pair.b.sentence for pair in other.both]
    assert sentences_of(one) == [said.sentence for said in other.only_b]


@pytest.mark.parametrize("name", ["arxiv:2305.18290", "2305.18290", "Small Steps for Policies"])
def test_id_and_title_mean_all_notes_on_a_paper(index, name):
    side = index.compare(name, "second.md").a
    assert side.kind is SideKind.PAPER
    assert {note.path for note in side.notes} == {"first.md", "third.md"}


def test_citation_key_means_a_paper_and_a_path_one_note(index):
    (key,) = (paper.key for paper in index.papers() if "arxiv:2305.18290" in paper.ids)
    assert index.compare(f"paper:{key}", "second.md").a.kind is SideKind.PAPER
    assert index.compare(key, "second.md").a.kind is SideKind.PAPER
    side = index.compare("note:third.md", "second.md").a
    assert (side.kind, [note.path for note in side.notes]) == (SideKind.NOTE, ["third.md"])


def test_paper_beside_one_of_its_notes_is_the_other_notes(index):
    found = index.compare("arxiv:2305.18290", "first.md")
    assert [note.path for note in found.a.notes] == ["third.md"]
    assert not found.both


def test_question_stands_for_the_passages_that_answer_it(index):
    found = index.compare("question:robot gravel camera", "first.md")
    assert (found.a.kind, found.a.name) == (SideKind.QUESTION, "robot gravel camera")
    assert sentences_of(found) == ["A robot walks over gravel without any camera mounted."]
    assert index.compare('"robot gravel camera"', "first.md").a == found.a


def test_words_out_of_a_title_may_be_a_note_or_a_question(index):
    with pytest.raises(NoteNameError, match='"question:regions trust"') as raised:
        index.compare("regions trust", "second.md")
    assert raised.value.name == "regions trust"
    assert index.compare("note:Trust", "far.md").a.name == "Trust Regions"


def test_notes_that_share_nothing_have_no_pair(index):
    found = index.compare("far.md", "second.md")
    assert (found.both, found.pairs) == ((), 0)
    assert sentences_of(found) == ["Protein folding releases energy inside membranes."]


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("first.md", "first", "both sides are first.md"),
        ("first.md", " ", "nothing to compare"),
        ("first.md", "question: ", "nothing to compare"),
        ("first.md", "“…”", "nothing to compare"),
        ("first.md", "wrong/path.md", "no note is called wrong/path.md"),
        ("first.md", "question:qwpo zmxn", "no note answers qwpo zmxn"),
        ("question:robot gravel camera", "second.md", "said by the other side"),
    ],
)
def test_wrong_sides_are_named(index, a, b, said):
    with pytest.raises(UsageError, match=said):
        index.compare(a, b)


def test_text_of_a_form_is_no_matter(tmp_path):
    owns = ("policy steps shrink slowly", "graph walks end early")
    for number, own in enumerate(owns):
        text = f"# Note {number}\n\n{FORM}\n\n{own}\n"
        (tmp_path / f"{number}.md").write_text(text, encoding="utf-8")
    with Index.open(tmp_path / "index", embedder_of(FORM, *owns), create=True) as index:
        index.update(tmp_path)
        assert [pair.a.sentence for pair in index.compare("0.md", "1.md").both] == [FORM]
        for number in (2, 3):
            (tmp_path / f"{number}.md").write_text(f"# Note {number}\n\n{FORM}\n", "utf-8")
        index.update(tmp_path)
        found = index.compare("0.md", "1.md")
    assert FORM not in {pair.a.sentence for pair in found.both} | set(sentences_of(found))


def test_of_a_long_note_the_passages_nearest_to_the_other_are_read(tmp_path):
    filler = "\n\n".join(
        f"## Part {n}\n\nSpeech recognizer number {n} hears vowels in station {n} clearly.\n"
        for n in range(300)
    )
    odd = "## Odd\n\nThe robot walks over gravel without any camera.\n"
    (tmp_path / "long.md").write_text(f"# Long\n\n{filler}\n\n{odd}", encoding="utf-8")
    (tmp_path / "robot.md").write_text(
        "# Short\n\nA robot walks over gravel without any camera.\n", encoding="utf-8"
    )
    embedder = embedder_of(filler, odd)
    embedder.max_tokens = 20
    with Index.open(tmp_path / "index", embedder, create=True) as index:
        index.update(tmp_path)
        found = index.compare("long.md", "robot.md")
    assert found.a.read == 40 < found.a.passages
    assert [pair.a.sentence for pair in found.both] == [
        "The robot walks over gravel without any camera."
    ]


def test_numbers_are_spread_evenly():
    assert _spread(np.arange(10), 20).tolist() == list(range(10))
    assert _spread(np.arange(100), 4).tolist() == [0, 25, 50, 75]


@given(
    st.integers(1, 6).flatmap(
        lambda columns: st.lists(
            st.lists(st.floats(0, 1), min_size=columns, max_size=columns), min_size=1, max_size=6
        )
    )
)
def test_pairs_are_each_others_likest_and_none_twice(rows):
    likeness = np.array(rows)
    pairs = find_pairs(likeness, 0.5)
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    for a, b in pairs:
        assert likeness[a, b] == likeness[a].max() == likeness[:, b].max() >= 0.5


def test_more_is_asked_for_the_more_pairs_there_may_be():
    assert least_likeness(100) - least_likeness(10) == pytest.approx(0.04)
    assert least_likeness(0) == least_likeness(1)
