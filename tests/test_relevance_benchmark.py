"""The questions that people ask, in the benchmark of relevance: read, measured, in tables."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import relevance
from benchmarks.question_tables import question_lines
from notesearch.evaluation.evaluate import Evaluation, Found, evaluate
from notesearch.evaluation.judged import JudgedPassage, JudgedQuery, read_queries
from tests.word_model import load_embedder

ROOT = Path(__file__).parents[1]
OWN = ROOT / "benchmarks" / "questions"
WILD = Path(os.environ.get("NOTESEARCH_DATA", ROOT.parent / "shared" / "data")) / "wild" / "notes"


def test_own_questions_name_the_lines_that_answer() -> None:
    queries = read_queries(OWN / "wild.jsonl")
    assert len({query.text for query in queries}) == len(queries) == 200
    assert all(query.lines for query in queries)
    assert Counter(query.kind for query in queries) == {
        "question": 60,
        "paraphrase": 52,
        "half-remembered": 32,
        "keyword": 28,
        "detail": 28,
    }
    absent = read_queries(OWN / "absent.txt")
    assert len({query.text for query in absent}) == 40


@pytest.mark.skipif(not WILD.is_dir(), reason="needs ../shared/data/wild, or NOTESEARCH_DATA")
def test_lines_of_own_questions_are_in_their_notes() -> None:
    for line in (OWN / "wild.jsonl").read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        text = (WILD / question["path"]).read_text(encoding="utf-8", errors="replace").splitlines()
        for first, last in question["lines"]:
            assert last <= len(text), question["id"]
            assert "".join(text[first - 1 : last]).strip(), question["id"]


def evaluation(first: str, second: str) -> Evaluation:
    """Evaluate what two questions find, given as the notes in their order."""
    passages = (JudgedPassage("a.md", (1, 2), 3),)
    queries = (
        JudgedQuery("1", "a", {"a.md": 1}, "detail", lines=((1, 2),), passages=passages),
        JudgedQuery("2", "b", {"b.md": 1}, "question", lines=((1, 2),)),
        JudgedQuery("3", "c", {}),
    )
    found = {"1": first, "2": second, "3": "a.md"}
    return evaluate(
        queries,
        lambda query: [Found(name, name, name, (2, 4), False) for name in found[query.id].split()],
    )


def test_tables_of_two_settings_in_whole() -> None:
    settings = {"dense": evaluation("b.md a.md", "c.md"), "default": evaluation("a.md", "b.md")}
    expected = """
| MRR@10 | all (2) | detail (1) | question (1) |
|---|---|---|---|
| dense | 0.250 | 0.500 | 0.000 |
| default | 1.000 | 1.000 | 1.000 |

| success@1 | all (2) | detail (1) | question (1) |
|---|---|---|---|
| dense | 0.000 | 0.000 | 0.000 |
| default | 1.000 | 1.000 | 1.000 |

| right passage | all | detail (1) | question |
|---|---|---|---|
| dense | 1.000 | 1.000 |  |
| default | 1.000 | 1.000 | 1.000 |

| called weak | all (2) | detail (1) | question (1) |
|---|---|---|---|
| dense | 0.000 | 0.000 | 0.000 |
| default | 0.000 | 0.000 | 0.000 |

| all | not called weak (1) | passage nDCG@10 (1) | answer MRR@10 (1) | answer@1 (1) | unjudged@10 (1) |
|---|---|---|---|---|---|
| dense | 1.000 | 0.631 | 0.500 | 0.000 | 0.500 |
| default | 1.000 | 1.000 | 1.000 | 1.000 | 0.000 |
"""  # noqa: E501
    lines = "\n".join(question_lines(settings, "default"))
    figures, _, differences = lines.partition("\n| less default |")
    assert figures == expected.strip("\n") + "\n"
    assert " MRR@10 (2) | detail (1) | question (1) | success@1 (2) |" in differences
    (row,) = [line for line in differences.splitlines() if line.startswith("| dense")]
    assert row.split(" | ")[1:3] == ["-0.750 (-1.000 to -0.500)", "-0.500 (-0.500 to -0.500)"]


def test_command_measures_the_collections_that_are_there(
    tmp_path: Path,
    word_model: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notes, questions = tmp_path / "wild" / "notes", tmp_path / "questions"
    for folder in (notes, questions):
        folder.mkdir(parents=True)
    (notes / "robot.md").write_text("# Walking\n\nA robot walks.\n", encoding="utf-8")
    (notes / "graph.md").write_text("# Nodes\n\nA graph has nodes.\n", encoding="utf-8")
    asked = {
        "id": "1",
        "kind": "keyword",
        "q": "robot walks",
        "path": "robot.md",
        "lines": [[3, 3]],
    }
    (questions / "wild.jsonl").write_text(json.dumps(asked), encoding="utf-8")
    (questions / "absent.txt").write_text("protein\n", encoding="utf-8")
    graded = {"id": "1", "judged": [{"note": "robot.md", "lines": [3, 3], "grade": 3}]}
    (tmp_path / "graded.jsonl").write_text(json.dumps(graded), encoding="utf-8")
    monkeypatch.setattr(relevance, "GRADED", tmp_path / "graded.jsonl")
    monkeypatch.setattr(relevance, "DATA", tmp_path)
    monkeypatch.setattr(relevance, "QUESTIONS", {"questions": questions, "own": tmp_path / "none"})
    monkeypatch.setattr(relevance, "NAMES", ("questions", "own", "cranfield"))
    monkeypatch.setattr(relevance, "load_embedder", load_embedder)
    kept = tmp_path / "kept"
    monkeypatch.setattr(sys, "argv", ["relevance.py", "--only", "lexical", "--keep", str(kept)])

    def measure() -> str:
        relevance.main()
        return capsys.readouterr().out

    out = measure()
    assert [line for line in out.splitlines() if line and "|" not in line] == ["questions"]
    table = "| MRR@10 | all (1) | keyword (1) |\n|---|---|---|\n| lexical | 1.000 | 1.000 |\n"
    assert f"{table}| default | 1.000 | 1.000 |\n" in out
    before = {file.name: file.stat().st_mtime_ns for file in (kept / "wild").glob("*.faiss")}
    assert measure() == out
    assert before == {
        file.name: file.stat().st_mtime_ns for file in (kept / "wild").glob("*.faiss")
    }
