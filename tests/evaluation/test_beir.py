"""A BEIR folder as queries, and its documents as notes of the same names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.errors import NotesearchError
from notesearch.evaluation.beir import beir_notes, note_path
from notesearch.evaluation.judged import JudgedQuery, read_queries

DOCUMENTS = (
    {"_id": "1", "title": "Wings \n in a stream", "text": "Lift grows.\n\nDrag too."},
    {"_id": "a/b", "text": "No title."},
)
QUERIES = ({"_id": "q1", "text": "lift"}, {"_id": "q2", "text": "heat"}, {"_id": "q3", "text": "x"})
QRELS = "query-id\tcorpus-id\tscore\nq2\ta/b\t2\nq1\t1\t1\nq1\ta/b\t0\nq3\t1\t0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wings"
    (folder / "qrels").mkdir(parents=True)
    for name, values in (("corpus", DOCUMENTS), ("queries", QUERIES)):
        lines = "".join(json.dumps(value) + "\n" for value in values)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(QRELS, encoding="utf-8")
    return folder


def test_folder_is_measured_by_itself(folder: Path) -> None:
    with pytest.raises(NotesearchError, match="brings its own documents; measure it by itself"):
        read_queries(folder / "queries.jsonl", folder)


def test_queries_with_a_relevant_document_are_read(folder: Path) -> None:
    assert read_queries(folder) == (
        JudgedQuery("q1", "lift", {"1.md": 1}, kind="wings", split="test"),
        JudgedQuery("q2", "heat", {"a%2Fb.md": 2}, kind="wings", split="test"),
    )


def test_documents_become_note_files_with_their_title_as_heading(folder: Path) -> None:
    assert list(beir_notes(folder)) == [
        ("1.md", b"# Wings in a stream\n\nLift grows.\n\nDrag too.\n"),
        ("a%2Fb.md", b"No title.\n"),
    ]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "..\\x", "a:b?", "é"])
def test_note_path_stays_in_its_folder_and_is_not_hidden(name: str) -> None:
    path = note_path(name)
    assert not set(path) & set('/\\:?"*<>|')
    assert path == ".md" or not path.startswith(".")


def test_split_names_the_judgements(folder: Path) -> None:
    (folder / "qrels" / "dev.tsv").write_text("q3\t1\t3\n", encoding="utf-8")
    assert [query.id for query in read_queries(folder, split="dev")] == ["q3"]
    with pytest.raises(NotesearchError, match="splits there are: dev, test"):
        read_queries(folder, split="train")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q1\t1", "line 6: a judgement is query-id, corpus-id and a whole score"),
        ("q1\t1\thigh", "line 6: a judgement is query-id, corpus-id and a whole score"),
        ("q9\t1\t1", "judges the query q9, which is not in queries.jsonl"),
    ],
)
def test_bad_judgement_is_named(folder: Path, line: str, message: str) -> None:
    with (folder / "qrels" / "test.tsv").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(NotesearchError, match=message):
        read_queries(folder)


def test_bad_document_is_named(folder: Path) -> None:
    (folder / "corpus.jsonl").write_text('{"title": "a"}\n[]\n', encoding="utf-8")
    with pytest.raises(NotesearchError, match="line 1: _id must be a text, found nothing"):
        list(beir_notes(folder))
