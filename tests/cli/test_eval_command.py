"""`notesearch eval`: judged queries over a small corpus, over its own notes, over a BEIR folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from notesearch.evaluation.evaluate import evaluate_index, index_for
from notesearch.evaluation.judged import read_queries
from notesearch.evaluation.own_notes import index_of_own_notes
from notesearch.search.answer import Mode
from notesearch.settings import Settings
from tests.cli.conftest import Run

QUERIES = """
- id: q1
  split: tune
  kind: keyword
  text: reward model
  relevant: {rl/ppo.md: 2, rl/dpo.md: 1}
- id: q2
  split: test
  kind: question
  text: image patches
  where: tag:vision
  relevant: {vision/vit.md: 1}
"""


@pytest.fixture
def queries(here: Path) -> Path:
    file = here / "queries.yaml"
    file.write_text(QUERIES, encoding="utf-8")
    return file


@pytest.fixture
def beir(here: Path) -> Path:
    """Two documents in BEIR's form, of which one answers the one query."""
    folder = here / "beir"
    (folder / "qrels").mkdir(parents=True)
    documents = [
        {"_id": "d/1", "title": "Robots", "text": "A robot walks."},
        {"_id": "d2", "title": "", "text": "A protein folds."},
    ]
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    (folder / "corpus.jsonl").write_text(lines, encoding="utf-8")
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "tag:robot"}\n', encoding="utf-8")
    (folder / "qrels/test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq\td/1\t1\n", encoding="utf-8"
    )
    return folder


def figures(out: str, setting: str, group: int = 0) -> dict[str, float]:
    """The means of one setting, of all queries or of one group of them."""
    value = json.loads(out)
    (report,) = (one for one in value["settings"] if one["setting"] == setting)
    found = report["groups"][group]
    return {name: figure["mean"] for name, figure in found.items() if isinstance(figure, dict)}


def test_queries_that_find_their_notes_score_full(here: Path, run: Run, queries: Path) -> None:
    ended = run("eval", str(queries), "--json", "--modes", "hybrid,lexical")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    for mode in ("hybrid", "lexical"):
        found = figures(ended.out, mode)
        assert (found["nDCG@10"], found["MRR@10"], found["success@1"]) == (1.0, 1.0, 1.0)


def test_one_split_is_measured_alone(here: Path, run: Run, queries: Path) -> None:
    value = json.loads(run("eval", str(queries), "--json", "--split", "test").out)
    assert value["settings"][0]["groups"][0]["queries"] == 1


def test_two_modes_are_compared(here: Path, run: Run, queries: Path) -> None:
    out = run("eval", str(queries), "--compare", "dense,lexical").out
    tables = [line.split("  ")[0] for line in out.splitlines() if "95 %" in line]
    assert tables == ["hybrid", "dense", "lexical", "lexical less dense"]


def test_questions_are_measured_with_the_lines_that_answer(here: Path, run: Run) -> None:
    Path("corpus/long.md").write_text(
        "# Two stories\n\n## Walking\n\nA robot walks on gravel.\n\n"
        f"## Folding\n\n{'It looks at each chain. ' * 60}\n\nA protein folds in water.\n",
        encoding="utf-8",
    )
    assert run("index").code == ExitCode.OK
    questions = [
        {"id": "1", "kind": "detail", "q": "robot on gravel", "path": "long.md", "lines": [[5, 5]]},
        {
            "id": "2",
            "kind": "detail",
            "q": "protein in water",
            "path": "long.md",
            "lines": [[5, 5]],
        },
    ]
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    Path("questions.jsonl").write_text(lines, encoding="utf-8")
    # No note has the one word, and a note has the other.
    Path("absent.txt").write_text("graph\ngravel\n", encoding="utf-8")
    graded = {"id": "2", "judged": [{"note": "long.md", "lines": [11, 11], "grade": 3}]}
    Path("graded.jsonl").write_text(json.dumps(graded), encoding="utf-8")
    ended = run("eval", "questions.jsonl", "absent.txt", "graded.jsonl", "--json")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    found = figures(ended.out, "hybrid")
    assert (found["MRR@10"], found["right passage"], found["answer@1"]) == (1.0, 0.5, 1.0)
    assert figures(ended.out, "hybrid", -1) == {"not called weak": 0.5}


def test_filter_of_a_query_goes_with_it(here: Path, queries: Path) -> None:
    with index_for(queries, Settings()) as index:
        evaluation = evaluate_index(index, read_queries(queries), Mode.HYBRID)
    found = [hit.id for hit in evaluation.outcomes[1].found]
    assert found == ["vision/vit.md", "vision/survey.md"]


def test_judged_note_that_is_not_there_is_named(here: Path, run: Run, queries: Path) -> None:
    queries.write_text(QUERIES.replace("rl/dpo.md", "rl/gone.md"), encoding="utf-8")
    ended = run("eval", str(queries), "--json")
    assert ended.code == ExitCode.OK
    assert ended.err == "judged, but not in the index: 1, as rl/gone.md\n"


def test_queries_are_made_of_ones_own_notes(here: Path, run: Run) -> None:
    before = sorted((file.name, file.stat().st_size) for file in Path("index").glob("*.faiss"))
    ended = run("eval", "--auto", "--json")
    assert ended.code == ExitCode.OK
    assert json.loads(ended.out)["settings"][0]["setting"] == "hybrid"
    after = sorted((file.name, file.stat().st_size) for file in Path("index").glob("*.faiss"))
    assert after == before
    assert run("status").out.splitlines()[-1].strip() == "in step"


def test_what_a_query_is_made_of_is_held_out(here: Path) -> None:
    filler = "\n\n".join(f"The study looks at case {n} with care and finds it." for n in range(9))
    summary = "The method trains a policy without any reward model at all."
    text = f"# A Paper About Many Things\n\n## TL;DR\n\n{summary}\n\n## Method\n\n{filler}\n"
    Path("corpus/many.md").write_text(text, encoding="utf-8")
    with index_of_own_notes(Settings()) as (index, made):
        (query,) = [query for query in made if "many.md" in query.relevant]
        assert query.text in (summary, "A Paper About Many Things")
        _, passages = index.show("many.md")
        assert not any(query.text in passage.search_text for passage in passages)


def test_beir_folder_brings_its_own_documents(here: Path, run: Run, beir: Path) -> None:
    ended = run("eval", str(beir), "--json")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert figures(ended.out, "hybrid")["success@1"] == 1.0
    with index_for(beir, Settings()) as index:
        assert sorted(note.path for note in index.notes()) == ["d%2F1.md", "d2.md"]
        scratch = index.index_dir
    assert not scratch.exists()


def test_own_index_is_left_alone_by_a_beir_folder(here: Path, run: Run, beir: Path) -> None:
    notes = run("notes").out
    run("eval", str(beir))
    assert run("notes").out == notes
