"""Suggested links, and notes like one that are not linked with it: as the library finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from notesearch import Index, JoinedIndex, NoteNameError
from notesearch.errors import UsageError
from tests.fakes import WordEmbedder

GRASP = "A robot arm learns grasping from torque sensors, camera frames and gripper feedback."
GRIP = "Gripper feedback and torque sensors let any robot arm learn grasping by itself."
FOLD = "A protein chain folds into helices, sheets and turns within some milliseconds."
TURN = "Helices, sheets and turns decide how quickly some protein chain folds."
LEMMA = "A proof assistant checks lemmas, tactics and rewriting against its kernel."
NOTES = {
    "arm/grasping.md": f"# Grasping\n\nThe robot is old.\n\n{GRASP}\n",
    "arm/grippers.md": f"# Grippers\n\n{GRIP}\n",
    "bio/folding.md": f"# Folding\n\n{FOLD}\n",
    "bio/turns.md": f"# Turns\n\n{TURN}\n",
    "logic/kernel.md": f"# Kernels\n\n{LEMMA}\n",
    "speech/vowels.md": "# Vowels\n\nThe speech of infants has few vowels and many pauses.\n",
}


def write(corpus: Path, notes: Mapping[str, str]) -> None:
    for path, text in notes.items():
        (corpus / path).parent.mkdir(parents=True, exist_ok=True)
        (corpus / path).write_text(text, encoding="utf-8")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write(tmp_path / "corpus", NOTES)
    return tmp_path / "corpus"


@pytest.fixture
def index(corpus: Path) -> Iterator[Index]:
    with Index.open(corpus.parent / "index", WordEmbedder(), create=True) as index:
        index.update(corpus)
        yield index


def pairs(index: Index, *arguments: object, **options: object) -> list[tuple[str, str]]:
    found = index.suggest_links(*arguments, **options)  # type: ignore[arg-type]
    return [(one.note.path, one.other.path) for one in found]


ARM = ("arm/grasping.md", "arm/grippers.md")
BIO = ("bio/folding.md", "bio/turns.md")


def test_pairs_come_with_the_two_sentences_that_are_alike_and_the_words_of_both(
    index: Index,
) -> None:
    found = index.suggest_links()
    assert {(one.note.path, one.other.path) for one in found} == {ARM, BIO}
    assert [one.rank for one in found] == [1, 2]
    assert found[0].score >= found[1].score > 0
    (arm,) = (one for one in found if one.note.path == ARM[0])
    assert (arm.note.sentence, arm.note.line, arm.note.title) == (GRASP, 5, "Grasping")
    assert (arm.other.sentence, arm.other.line, arm.other.note_id) == (GRIP, 3, ARM[1])
    assert len(arm.words) == 5
    assert set(arm.words) <= {
        *("robot", "arm", "grasping", "torque", "sensors", "gripper", "feedback"),
    }
    _, (passage,) = index.show(ARM[1])
    assert arm.other.passage_id == passage.id


@pytest.mark.parametrize("source", [0, 1])
def test_notes_that_are_linked_in_either_direction_are_none(
    corpus: Path, index: Index, source: int
) -> None:
    with (corpus / ARM[source]).open("a", encoding="utf-8") as file:
        file.write(f"\nSee [it]({Path(ARM[1 - source]).name}).\n")
    index.update()
    assert pairs(index) == [BIO]
    assert pairs(index, ARM[source]) == []


def test_best_partners_of_a_note_come_with_it_first(corpus: Path, index: Index) -> None:
    write(corpus, {"arm/near.md": f"# Near\n\n{GRIP} {GRASP}\n"})
    index.update()
    found = index.suggest_links("arm/grippers.md")
    assert [one.note.path for one in found] == ["arm/grippers.md"] * 2
    assert {one.other.path for one in found} == {"arm/near.md", "arm/grasping.md"}
    assert found[0].score >= found[1].score
    assert pairs(index, "arm/grippers.md", 1) == pairs(index, "arm/grippers.md")[:1]


def test_no_note_is_in_two_pairs(corpus: Path, index: Index) -> None:
    write(corpus, {"arm/near.md": f"# Near\n\n{GRIP} {GRASP}\n"})
    index.update()
    notes = [path for pair in pairs(index) for path in pair]
    assert len(notes) == len(set(notes)) == 4


def test_notes_of_the_same_folder_may_be_left_out(corpus: Path, index: Index) -> None:
    assert pairs(index, other_folder=True) == []
    assert pairs(index, "arm/grasping.md", other_folder=True) == []
    write(corpus, {"new/hands.md": f"# Hands\n\n{GRIP}\n"})
    index.update()
    assert pairs(index, "arm/grasping.md", other_folder=True) == [(ARM[0], "new/hands.md")]


def test_notes_on_one_paper_and_copies_and_parts_of_one_file_are_none(
    corpus: Path, index: Index
) -> None:
    (corpus / ARM[0]).write_text(f"# Grasping\n\narxiv: 2305.18290\n\n{GRASP}\n", encoding="utf-8")
    (corpus / ARM[1]).write_text(f"# Grippers\n\narxiv: 2305.18290\n\n{GRIP}\n", encoding="utf-8")
    (corpus / BIO[1]).write_text(f"# Folding again\n\n{FOLD}\n", encoding="utf-8")
    index.update()
    assert pairs(index) == []


def test_parts_of_one_file_are_no_pair(tmp_path: Path) -> None:
    parts = "".join(
        f"## {at}. {title}\n\n[Paper](https://arxiv.org/abs/2305.1829{at})\n\n{said}\n\n"
        for at, (title, said) in enumerate([("Grasp", GRASP), ("Grip", GRIP), ("Fold", FOLD)])
    )
    write(tmp_path / "corpus", {"week.md": parts, "turns.md": f"# Turns\n\n{TURN}\n"})
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(tmp_path / "corpus")
        assert len(index.notes("path:week.md")) == 3
        assert pairs(index) == [("turns.md", "week.md")]


def test_what_is_in_many_notes_makes_none_alike(corpus: Path, index: Index) -> None:
    form = (
        "Read on a train with a robot, rating seven, scanned pages, borrowed copy, margin signs, "
        "quick skim, second reading planned."
    )
    plain = {
        f"log/{at}.md": f"# {title}\n\n## Log\n\n{form}\n\n## Text\n\n{said}\n"
        for at, (title, said) in enumerate(
            [
                ("Tides", "An image of the harbour at noon."),
                ("Rent", "The graph of prices since spring."),
                ("Wool", "One policy about sheep in winter."),
            ]
        )
    }
    write(corpus, plain)
    index.update()
    assert not [pair for pair in pairs(index) if "log" in pair[0]]


def test_short_notes_of_one_template_are_no_copies(corpus: Path, index: Index) -> None:
    form = "## Summary in a sentence\n\n{}\n\n## Key ideas\n\n## Technical details\n\n## My notes\n"
    write(corpus, {path: f"# {path}\n\n{form}".format(text) for path, text in NOTES.items()})
    index.update()
    assert {*pairs(index)} == {ARM, BIO}


def test_a_filter_says_which_notes_may_be_suggested(index: Index) -> None:
    assert pairs(index, None, 10, "path:bio/") == [BIO]
    assert pairs(index, "arm/grasping.md", 10, "path:bio/") == []
    assert pairs(index, "arm/grasping.md", 10, "path:arm/") == [ARM]
    with pytest.raises(UsageError, match="no note has the tag nonesuch"):
        index.suggest_links(where="tag:nonesuch")


def test_index_pages_are_never_suggested(corpus: Path, index: Index) -> None:
    lines = "".join(f"- [{path}]({path})\n" for path in NOTES)
    page = f"# All notes\n\nRobot arm, grasping, torque sensors, gripper feedback.\n\n{lines}"
    for path in NOTES:
        (corpus / path).rename(corpus / f"{path[:-3]}-old.md")
    write(corpus, {"README.md": page})
    index.update()
    assert [note.kind.value for note in index.notes("path:README.md")] == ["index page"]
    assert "README.md" not in {path for pair in pairs(index) for path in pair}
    assert pairs(index, "arm/grasping-old.md") == [("arm/grasping-old.md", "arm/grippers-old.md")]
    assert len(pairs(index, "README.md")) == 2


def test_one_note_has_no_partner_and_an_empty_index_no_pairs(tmp_path: Path) -> None:
    write(tmp_path / "corpus", {"one.md": f"# One\n\n{GRASP}\n"})
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(tmp_path / "corpus")
        assert index.suggest_links() == []
        assert index.suggest_links("one.md") == []
        (tmp_path / "corpus/one.md").unlink()
        index.update(allow_empty=True)
        assert index.suggest_links() == []


def test_wrong_arguments_are_named(index: Index) -> None:
    with pytest.raises(UsageError, match="k must be a whole number from 1"):
        index.suggest_links(k=-1)
    with pytest.raises(UsageError, match="the note must be a text"):
        index.suggest_links(7)  # type: ignore[arg-type]
    with pytest.raises(NoteNameError):
        index.suggest_links("nonesuch")


def test_pairs_over_several_indexes_have_their_names(tmp_path: Path, corpus: Path) -> None:
    other = tmp_path / "other"
    write(other, {"hands.md": f"# Hands\n\n{GRIP}\n"})
    with (
        Index.open(tmp_path / "one", WordEmbedder(), create=True) as one,
        Index.open(tmp_path / "two", WordEmbedder(), create=True) as two,
    ):
        one.update(corpus)
        two.update(other)
        with JoinedIndex({"one": one, "two": two}) as joined:
            assert pairs(joined, "two:hands.md", 1)[0][0] == "two:hands.md"
            assert pairs(joined, "two:hands.md", 1)[0][1].startswith("one:arm/")


# ---------------------------------------------------------------- notes like one


def test_notes_like_one_that_are_linked_are_left_out_and_k_others_stay(
    corpus: Path, index: Index
) -> None:
    with (corpus / ARM[0]).open("a", encoding="utf-8") as file:
        file.write("\nSee [[grippers]].\n")
    with (corpus / BIO[0]).open("a", encoding="utf-8") as file:
        file.write("\nSee [[grasping]].\n")
    index.update()
    assert {hit.path for hit in index.similar(ARM[0], 5).hits} == NOTES.keys() - {ARM[0]}
    left = NOTES.keys() - {*ARM, BIO[0]}
    assert {hit.path for hit in index.similar(ARM[0], 3, unlinked=True).hits} == left
    assert {hit.path for hit in index.similar(ARM[1], 5, unlinked=True).hits} == (
        NOTES.keys() - {*ARM}
    )


def test_notes_like_one_in_its_folder_are_left_out(index: Index) -> None:
    hits = index.similar(ARM[0], 10, other_folder=True).hits
    assert {hit.path for hit in hits} == NOTES.keys() - {*ARM}
    hits = index.similar(ARM[0], 10, "path:bio/", unlinked=True, other_folder=True).hits
    assert {hit.path for hit in hits} == {*BIO}
