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
from notesearch.evaluation.judged import JudgedPassage, JudgedQuery
from notesearch.render.evaluation_tables import evaluation_lines, evaluation_to_json
from notesearch.render.terminal import Style

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
        return [Found(name, name, "p", (1, 1), weak=query.id == "q4") for name in names]

    return evaluate(QUERIES, search)


DENSE = evaluation(q1="x.md a.md", q2="x.md y.md z.md w.md", q4="x.md")
HYBRID = evaluation(q1="a.md", q2="b.md", q3=" ".join(["best.md", *MANY]), q4="x.md")
REPORTS = [make_report("dense", DENSE), make_report("hybrid", HYBRID)]
COMPARISONS = [compare(("dense", DENSE), ("hybrid", HYBRID))]
FAILURES = {"dense": find_failures(DENSE), "hybrid": find_failures(HYBRID)}


def test_tables_in_whole() -> None:
    expected = """
dense              queries  nDCG@10         95 %  MRR@10  Recall@10  Recall@100  success@1  wrong verdict
all                      3    0.210  0.000-0.631   0.167      0.333       0.333      0.000          0.333
  keyword                1    0.631  0.631-0.631   0.500      1.000       1.000      0.000          0.000
  question               2    0.000  0.000-0.000   0.000      0.000       0.000      0.000          0.500
  split test             2    0.000  0.000-0.000   0.000      0.000       0.000      0.000          0.500
  split tune             1    0.631  0.631-0.631   0.500      1.000       1.000      0.000          0.000
without an answer        1                                                                          0.000
"""  # noqa: E501
    lines = "\n".join(evaluation_lines(REPORTS[:1]))
    assert lines == expected.strip("\n")


def test_tables_of_questions_with_lines_and_graded_passages_in_whole() -> None:
    graded = (JudgedPassage("x.md", (1, 9), 1),)
    queries = (
        JudgedQuery("q1", "a", {"a.md": 1}, "detail", lines=((3, 4),), passages=graded),
        JudgedQuery("q2", "b", {"b.md": 1}, "question", lines=((3, 4),)),
        JudgedQuery("q3", "c", {}),
    )
    found = {
        "q1": [
            Found("x.md", "x.md", "p", (1, 2), False),
            Found("a.md", "a.md", "p", (4, 6), False),
        ],
        "q2": [Found("b.md", "b.md", "p", (5, 6), True)],
        "q3": [Found("x.md", "x.md", "p", (1, 2), False)],
    }
    expected = """
hybrid             queries  MRR@10         95 %  Recall@10  success@1  right passage  wrong verdict
all                      2   0.750  0.500-1.000      1.000      0.500          0.500          0.500
  detail                 1   0.500  0.500-0.500      1.000      0.000          1.000          0.000
  question               1   1.000  1.000-1.000      1.000      1.000          0.000          1.000
without an answer        1                                                                    1.000

graded passages  queries  passage nDCG@10         95 %  answer MRR@10  answer@1  unjudged@10
all                    1            0.797  0.797-0.797          0.500     0.000        0.000
  detail               1            0.797  0.797-0.797          0.500     0.000        0.000
"""
    report = make_report("hybrid", evaluate(queries, lambda query: found[query.id]))
    assert "\n".join(evaluation_lines([report])) == expected.strip("\n")


def test_comparison_and_failures_in_whole() -> None:
    expected = """
hybrid less dense  queries    mean              95 %  higher  equal  lower
nDCG@10                  3  +0.790  +0.369 to +1.000   100 %    0 %    0 %
MRR@10                   3  +0.833  +0.500 to +1.000   100 %    0 %    0 %
Recall@10                3  +0.667  +0.000 to +1.000    67 %   33 %    0 %
Recall@100               3  +0.667  +0.000 to +1.000    67 %   33 %    0 %
success@1                3  +1.000  +1.000 to +1.000   100 %    0 %    0 %
called weak              3  -0.333  -1.000 to +0.000     0 %   67 %   33 %
not called weak          1  +0.000  +0.000 to +0.000     0 %  100 %    0 %

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
        "has_answer": True,
        "queries": 1,
        "nDCG@10": {"mean": 0.6309, "low": 0.6309, "high": 0.6309, "queries": 1},
        "MRR@10": {"mean": 0.5, "low": 0.5, "high": 0.5, "queries": 1},
        "Recall@10": {"mean": 1.0, "low": 1.0, "high": 1.0, "queries": 1},
        "Recall@100": {"mean": 1.0, "low": 1.0, "high": 1.0, "queries": 1},
        "success@1": {"mean": 0.0, "low": 0.0, "high": 0.0, "queries": 1},
        "called weak": {"mean": 0.0, "low": 0.0, "high": 0.0, "queries": 1},
    }
    assert not first["groups"][-1]["has_answer"]
    assert first["groups"][-1]["not called weak"]["mean"] == 0.0
    (comparison,) = value["comparisons"]
    assert (comparison["first"], comparison["second"]) == ("dense", "hybrid")
    assert comparison["success@1"]["higher"] == 1.0
    assert [len(one["queries"]) for one in value["failures"]] == [2, 0]
    assert value["failures"][0]["queries"][0] == {
        "id": "q2",
        "kind": "question",
        "text": "why dpo",
        "where": "tag:dpo",
        "relevant": {"b.md": 1},
        "first_relevant": None,
        "instead": [
            {"id": name, "path": name, "passage_id": "p", "lines": [1, 1], "weak": False}
            for name in ("x.md", "y.md", "z.md")
        ],
    }


def test_failures_are_in_the_json_only_where_asked_for() -> None:
    assert "failures" not in json.loads(evaluation_to_json(REPORTS))


def test_report_of_no_queries_says_so() -> None:
    lines = list(evaluation_lines([make_report("dense", Evaluation(()))]))
    assert lines == ["dense: no queries"]


def test_columns_that_do_not_fit_stand_below() -> None:
    expected = """
dense              queries  nDCG@10         95 %  MRR@10
all                      3    0.210  0.000-0.631   0.167
  keyword                1    0.631  0.631-0.631   0.500
  question               2    0.000  0.000-0.000   0.000
  split test             2    0.000  0.000-0.000   0.000
  split tune             1    0.631  0.631-0.631   0.500
without an answer        1

dense              Recall@10  Recall@100  success@1
all                    0.333       0.333      0.000
  keyword              1.000       1.000      0.000
  question             0.000       0.000      0.000
  split test           0.000       0.000      0.000
  split tune           1.000       1.000      0.000
without an answer

dense              wrong verdict
all                        0.333
  keyword                  0.000
  question                 0.500
  split test               0.500
  split tune               0.000
without an answer          0.000
"""
    style = Style(60, cuts=True)
    lines = [line.rstrip() for line in evaluation_lines(REPORTS[:1], style=style)]
    assert "\n".join(lines) == expected.strip("\n")


def test_failures_are_broken_at_spaces() -> None:
    lines = list(evaluation_lines([], [], FAILURES, Style(40, cuts=True)))
    assert max(map(len, lines)) <= 40
    whole = " ".join(" ".join(evaluation_lines([], [], FAILURES)).split())
    assert " ".join(" ".join(lines).split()) == whole
