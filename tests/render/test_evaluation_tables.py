"""What a person and a program are shown of an evaluation."""

from __future__ import annotations

import json

from notesearch.evaluation.evaluate import (
    Evaluation,
    Found,
    compare,
    evaluate,
    find_failures,
    make_report,
)
from notesearch.evaluation.judged import JudgedQuery
from notesearch.render.evaluation_tables import evaluation_lines, evaluation_to_json

MANY = {f"n{number}.md": 1 for number in range(7)} | {"best.md": 2}
QUERIES = (
    JudgedQuery("q1", "reward model", {"a.md": 1}, kind="keyword", split="tune"),
    JudgedQuery("q2", "why dpo", {"b.md": 1}, kind="question", split="test", where="tag:dpo"),
    JudgedQuery("q3", "graphs", MANY, kind="question", split="test"),
    JudgedQuery("q4", "cooking", {}, kind="no-answer", split="test"),
)


def evaluation(**notes: str) -> Evaluation:
    def search(query: JudgedQuery) -> list[Found]:
        names = notes.get(query.id, "").split()
        return [Found(name, name, "p", weak=query.id == "q4") for name in names]

    return evaluate(QUERIES, search)


DENSE = evaluation(q1="x.md a.md", q2="x.md y.md z.md w.md", q4="x.md")
HYBRID = evaluation(q1="a.md", q2="b.md", q3=" ".join(["best.md", *MANY]), q4="x.md")
REPORTS = [make_report("dense", DENSE), make_report("hybrid", HYBRID)]
COMPARISONS = [compare(("dense", DENSE), ("hybrid", HYBRID))]
FAILURES = {"dense": find_failures(DENSE), "hybrid": find_failures(HYBRID)}


def test_tables_in_whole() -> None:
    expected = """
dense                     queries    nDCG@10          95 %     MRR@10  Recall@10 Recall@100  success@1
all                             3      0.210   0.000-0.631      0.167      0.333      0.333      0.000
  keyword                       1      0.631   0.631-0.631      0.500      1.000      1.000      0.000
  question                      2      0.000   0.000-0.000      0.000      0.000      0.000      0.000
  split test                    2      0.000   0.000-0.000      0.000      0.000      0.000      0.000
  split tune                    1      0.631   0.631-0.631      0.500      1.000      1.000      0.000
called without an answer: 100 % (100-100) of 1 query without one
called without an answer: 33 % (0-100) of 3 queries with one
"""  # noqa: E501
    lines = "\n".join(evaluation_lines(REPORTS[:1]))
    assert lines == expected.strip("\n")


def test_comparison_and_failures_in_whole() -> None:
    expected = """
hybrid less dense           mean              95 %  better   equal   worse
nDCG@10                   +0.790  +0.369 to +1.000   100 %     0 %     0 %
MRR@10                    +0.833  +0.500 to +1.000   100 %     0 %     0 %
Recall@10                 +0.667  +0.000 to +1.000    67 %    33 %     0 %
Recall@100                +0.667  +0.000 to +1.000    67 %    33 %     0 %
success@1                 +1.000  +1.000 to +1.000   100 %     0 %     0 %
over 3 queries

dense: 2 queries without an answer among the first 10
q2 (question): why dpo  where tag:dpo
    wanted  b.md: not found
    came    x.md, y.md, z.md
q3 (question): graphs
    wanted  best.md, n0.md, n1.md, n2.md, n3.md and 3 more: not found
    came    nothing

hybrid: 0 queries without an answer among the first 10
"""
    lines = list(evaluation_lines([], COMPARISONS, FAILURES))
    assert "\n".join(lines) == expected.strip("\n")


def test_json_holds_every_figure_with_its_interval() -> None:
    value = json.loads(evaluation_to_json(REPORTS, COMPARISONS, FAILURES))
    first = value["settings"][0]
    assert first["setting"] == "dense"
    assert first["groups"][1] == {
        "kind": "keyword",
        "split": None,
        "queries": 1,
        "nDCG@10": {"mean": 0.6309, "low": 0.6309, "high": 0.6309},
        "MRR@10": {"mean": 0.5, "low": 0.5, "high": 0.5},
        "Recall@10": {"mean": 1.0, "low": 1.0, "high": 1.0},
        "Recall@100": {"mean": 1.0, "low": 1.0, "high": 1.0},
        "success@1": {"mean": 0.0, "low": 0.0, "high": 0.0},
    }
    assert first["weak_calls"]["recognised"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    (comparison,) = value["comparisons"]
    assert (comparison["first"], comparison["second"]) == ("dense", "hybrid")
    assert comparison["success@1"]["better"] == 1.0
    assert [len(one["queries"]) for one in value["failures"]] == [2, 0]
    assert value["failures"][0]["queries"][0] == {
        "id": "q2",
        "kind": "question",
        "text": "why dpo",
        "where": "tag:dpo",
        "relevant": {"b.md": 1},
        "first_relevant": None,
        "instead": [
            {"id": name, "path": name, "passage_id": "p", "weak": False}
            for name in ("x.md", "y.md", "z.md")
        ],
    }


def test_failures_are_in_the_json_only_where_asked_for() -> None:
    assert "failures" not in json.loads(evaluation_to_json(REPORTS))


def test_report_of_no_queries_says_so() -> None:
    lines = list(evaluation_lines([make_report("dense", Evaluation(()))]))
    assert lines[1:] == ["no query has an answer"]
