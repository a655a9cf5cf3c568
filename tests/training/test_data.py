from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from training.data import (
    Paper,
    abstract_pair,
    negative_text,
    read_papers,
    read_passages,
    render,
    take,
)

ABSTRACT = "We look at one thing. It is hard. A trick makes it easy. It works on two tasks."


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.mkdir()
    own.mkdir()
    _write(shared / "passages.jsonl", {"i": 7, "title": "Rewards", "text": "They vanish."})
    _write(
        shared / "questions.jsonl",
        {"i": 7, "kind": "question", "q": "where do they go"},
        {"i": 7, "kind": "paraphrase", "q": "what becomes of the prize"},
    )
    papers = (
        {"title": "A trick", "abstract": ABSTRACT, "tldr": "One trick.", "keywords": ""},
        {"title": "Short", "abstract": "One sentence.", "tldr": "", "keywords": ""},
    )
    with gzip.open(shared / "papers.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("".join(json.dumps(paper) + "\n" for paper in papers))
    asked = [{"kind": "question", "q": "which trick"}]
    _write(own / "papers.jsonl", {"title": "A trick", "sentences": [1, 3], "q": asked})
    _write(own / "notes.jsonl", {"title": "Own", "text": "A note.", "q": asked})
    return shared, own


def _write(path: Path, *rows: object) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_passages_come_with_their_questions(folders: tuple[Path, Path]) -> None:
    passages = read_passages(*folders)
    assert [(p.title, p.text, p.questions) for p in passages] == [
        ("Rewards", "They vanish.", ("where do they go", "what becomes of the prize")),
        ("Own", "A note.", ("which trick",)),
        ("A trick", "It is hard. A trick makes it easy.", ("which trick",)),
    ]


def test_papers_of_one_sentence_are_left_out(folders: tuple[Path, Path]) -> None:
    (paper,) = read_papers(folders[0])
    assert (paper.title, len(paper.sentences), paper.summary) == ("A trick", 4, "One trick.")


def test_a_summary_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    paper = {"title": "A trick", "abstract": ABSTRACT, "tldr": "A trick that makes…"}
    with gzip.open(tmp_path / "papers.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(paper))
    (found,) = read_papers(tmp_path)
    assert found.summary == ""


def test_a_summary_asks_for_its_abstract() -> None:
    paper = Paper("Of tricks", tuple(ABSTRACT.replace(". ", ".\n").split("\n")), "One trick.")
    pairs = [abstract_pair(paper, random.Random(number)) for number in range(60)]
    assert {text for asked, text in pairs if asked == "One trick."} == {ABSTRACT}
    # The title and the sentences ask as well.
    assert {"Of tricks", *paper.sentences} < {asked for asked, _ in pairs}


def test_papers_are_taken_once_each() -> None:
    papers = [Paper(str(number), ("A.", "B.", "C."), "") for number in range(9)]
    assert sorted(map(int, (p.title for p in take(papers, 9, random.Random(0))))) == [*range(9)]
    assert len(take(papers, 4, random.Random(0))) == 4
    assert len(take(papers, 99, random.Random(0))) == 9


def test_a_passage_gets_the_forms_that_notes_have() -> None:
    forms = {
        render("Trick: a survey", "It is hard. It works.", random.Random(n)) for n in range(80)
    }
    assert forms == {
        f"{title}{text}"
        for title in ("Trick: a survey\n", "Trick\n", "")
        for text in ("It is hard. It works.", "It is hard\nIt works")
    }


def test_no_pair_has_its_question_in_its_passage() -> None:
    paper = Paper("Of tricks", tuple(ABSTRACT.replace(". ", ".\n").split("\n")), "")
    for number in range(60):
        asked, text = abstract_pair(paper, random.Random(number))
        assert asked not in text
        assert negative_text(paper, random.Random(number)) in ABSTRACT


def test_the_written_data_is_sound() -> None:
    own = Path(__file__).parents[2] / "training" / "data"
    rows = [
        json.loads(line)
        for path in sorted(own.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(rows) > 1000
    for row in rows:
        assert row["title"]
        assert bool(row.get("text")) != bool(row.get("sentences"))
        assert all(question["q"].strip() for question in row["q"])
        assert row["q"]
