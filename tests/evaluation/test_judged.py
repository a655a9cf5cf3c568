"""The forms of judged queries, and what is said of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.errors import NotesearchError, SettingsError, UsageError
from notesearch.evaluation.judged import (
    JudgedPassage,
    JudgedQuery,
    read_queries,
    unknown_notes,
)

CORPUS = Path(__file__).parents[2] / "corpus"


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def json_lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def refusal(path: Path, *more: Path, split: str | None = None) -> str:
    with pytest.raises(NotesearchError) as refused:
        read_queries(path, *more, split=split)
    return str(refused.value).replace(str(path), "FILE")


def test_yaml_query_has_all_its_fields(tmp_path: Path) -> None:
    text = """
- id: q1
  kind: section
  split: tune
  text: weak spots of DPO
  where: "tag:dpo"
  section: limitations
  relevant: {dpo.md: 2, "cards.txt#dpo": 1, bert.md: 0}
  why: said there
"""
    (query,) = read_queries(write(tmp_path, "q.yaml", text))
    assert query == JudgedQuery(
        id="q1",
        text="weak spots of DPO",
        relevant={"dpo.md": 2, "cards.txt#dpo": 1},
        kind="section",
        split="tune",
        where="tag:dpo",
        section="limitations",
    )


def test_json_lines_query_may_list_its_notes(tmp_path: Path) -> None:
    values = (
        {"id": 7, "text": "a b", "relevant": ["x.md", "y.md"]},
        {"id": "8", "text": "c", "relevant": {}},
    )
    first, second = read_queries(write(tmp_path, "q.jsonl", json_lines(*values)))
    assert first == JudgedQuery("7", "a b", {"x.md": 1, "y.md": 1})
    assert first.has_answer
    assert not second.has_answer


def test_question_names_the_lines_that_answer_it(tmp_path: Path) -> None:
    values = (
        {"id": "1", "kind": "detail", "q": "how wide", "path": "d.md", "lines": [[3, 4], [9, 9]]},
        {"id": "2", "q": "how long", "note": "d.md#two", "path": "d.md", "answer": "9 m"},
    )
    first, second = read_queries(write(tmp_path, "q.jsonl", json_lines(*values)))
    assert first == JudgedQuery("1", "how wide", {"d.md": 1}, "detail", lines=((3, 4), (9, 9)))
    assert second == JudgedQuery("2", "how long", {"d.md#two": 1})


def test_lines_of_a_text_file_are_queries_without_an_answer(tmp_path: Path) -> None:
    file = write(tmp_path, "absent.txt", "baking bread\n\n  chess  \n")
    assert read_queries(file) == (
        JudgedQuery("absent.txt:1", "baking bread", {}),
        JudgedQuery("absent.txt:3", "chess", {}),
    )


def test_passages_are_graded_in_the_same_file_or_in_another(tmp_path: Path) -> None:
    graded = {"note": "d.md", "lines": [3, 4], "grade": 0}
    expected = (JudgedPassage("d.md", (3, 4), 0),)
    question = {"id": "1", "q": "how wide", "path": "e.md"}
    (alone,) = read_queries(write(tmp_path, "a.jsonl", json_lines(question | {"judged": [graded]})))
    questions = write(tmp_path, "q.jsonl", json_lines(question))
    grades = write(tmp_path, "g.jsonl", json_lines({"id": "1", "judged": [graded]}))
    (apart,) = read_queries(grades, questions)
    assert alone == apart == JudgedQuery("1", "how wide", {"e.md": 1}, passages=expected)
    assert unknown_notes([apart], {"e.md"}) == ("d.md",)
    message = "FILE, line 1: grades passages for the query 1, which has no text; "
    assert refusal(grades) == f"{message}name the file of its text too"
    assert refusal(grades, grades) == "FILE, line 1: passages of 1 came before; join the two"


def test_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    line = json_lines({"id": "a", "text": "b", "relevant": {}})
    first, topics = write(tmp_path, "q.jsonl", line), write(tmp_path, "t.txt", "c\n")
    assert [query.text for query in read_queries(first, topics)] == ["b", "c"]
    assert refusal(first, first) == "FILE, line 1: the id a came before; give each its own"
    assert refusal(write(tmp_path, "empty.txt", "\n"), first) == (
        "FILE holds no queries; write at least one"
    )


def test_shipped_queries_are_read() -> None:
    queries = read_queries(CORPUS / "queries.yaml")
    tune = read_queries(CORPUS / "queries.yaml", split="tune")
    assert {query.split for query in queries} == {"tune", "test"}
    assert [query for query in queries if query.split == "tune"] == list(tune)
    assert {query.kind for query in queries if not query.has_answer} == {"no-answer"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FILE holds no queries; write at least one"),
        ("a: b", "FILE: judged queries are a list; begin each with `- id: …`"),
        (
            "- [",
            "FILE, line 2: not YAML: did not find expected node content; mend that line",
        ),
        ("- word", "FILE, query 1: a query has keys such as id and text, found 'word'"),
        ("- {text: a, relevant: {}}", "FILE, query 1: id must be a text, found nothing"),
        ("- {id: a, text: ' ', relevant: {}}", "FILE, query 1: text must be a text, found ' '"),
        (
            "- {id: a, text: b}",
            "FILE, query 1: relevant must be `note: grade` pairs or a list of notes, "
            "found nothing; write {} where nothing answers",
        ),
        (
            "- {id: a, text: b, relevant: {n.md: 1.5}}",
            "FILE, query 1: the grade of n.md must be a whole number from 0 on, found 1.5",
        ),
        (
            "- {id: a, text: b, relevant: {n.md: 0}}",
            "FILE, query 1: relevant holds grades of 0 alone; write {} where nothing answers",
        ),
        (
            "- {id: a, text: b, relevant: [n.md, n.md]}",
            "FILE, query 1: relevant names n.md twice; name it once",
        ),
        (
            "- {id: a, text: b, relevent: {n.md: 1}}",
            "FILE, query 1: unknown key relevent; did you mean relevant?",
        ),
        (
            "- {id: a, text: b, path: n.md, lines: [7, 12]}",
            "FILE, query 1: a stretch of lines is its first and its last line, as in [7, 12], "
            "found 7",
        ),
        (
            "- {id: a, text: b, path: n.md, lines: [[12, 7]]}",
            "FILE, query 1: a stretch of lines is its first and its last line, as in [7, 12], "
            "found [12, 7]",
        ),
        (
            "- {id: a, text: b, path: n.md, lines: 7}",
            "FILE, query 1: lines must be pairs of a first and a last line, as in [[7, 12]], "
            "found 7",
        ),
        (
            "- {id: a, text: b, relevant: [n.md, o.md], lines: [[1, 2]]}",
            "FILE, query 1: lines are those of one note; name that one as note or path",
        ),
        ("- {id: a, text: b, path: 7}", "FILE, query 1: path must be a text, found 7"),
        (
            "- {id: a, text: b, path: n.md, judged: [n.md]}",
            "FILE, query 1: judged must be a list of objects with note, lines and grade, "
            "found ['n.md']",
        ),
        (
            "- {id: a, text: b, path: n.md, judged: [{note: n.md, lines: [1, 2], grade: 4}]}",
            "FILE, query 1: passages have grades from 0 to 3, found 4",
        ),
        (
            "- {id: a, text: b, relevant: {}, judged: [{note: n.md, lines: [1, 2], grade: 3}]}",
            "FILE, query 1: a passage of n.md answers a, and relevant says that nothing does; "
            "name that note there, or give the passage a lower grade",
        ),
        (
            "- {id: a, text: b, relevant: {}}\n- {id: a, text: c, relevant: {}}",
            "FILE, query 2: the id a came before; give each its own",
        ),
    ],
)  # fmt: skip
def test_bad_yaml_is_named_with_place_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(write(tmp_path, "q.yaml", text)) == message


def test_bad_json_line_is_named_by_its_number(tmp_path: Path) -> None:
    good = json_lines({"id": "a", "text": "b", "relevant": {}})
    assert refusal(write(tmp_path, "q.jsonl", f"{good}\n{{")).startswith("FILE, line 3: not JSON")
    assert refusal(write(tmp_path, "q.jsonl", f"{good}[1]\n")).startswith("FILE, line 2: a query")
    deep = refusal(write(tmp_path, "q.jsonl", f"{good}{'[' * 100_000}\n"))
    assert deep == "FILE, line 2: nested too deeply; write one plain object a line"


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    for name in ("q.yaml", "q.jsonl"):
        (tmp_path / name).write_bytes(b'- id: "\xff"\n')
        assert "cannot be read" in refusal(tmp_path / name)


def test_missing_file_and_unknown_form_are_usage_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "no.yaml", tmp_path / "no.jsonl", tmp_path / "q.csv", tmp_path):
        with pytest.raises(UsageError):
            read_queries(path)


def test_split_without_queries_names_those_there_are(tmp_path: Path) -> None:
    line = json_lines({"id": "a", "text": "b", "relevant": {}, "split": "dev"})
    message = "FILE holds no queries of the split test; its splits are dev"
    assert refusal(write(tmp_path, "q.jsonl", line), split="test") == message


def test_judged_notes_that_are_not_there_are_listed() -> None:
    queries = [JudgedQuery("1", "a", {"x": 1, "b": 2}), JudgedQuery("2", "c", {"a": 1, "b": 1})]
    assert unknown_notes(queries, {"b"}) == ("a", "x")


def test_bad_key_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="where must be a text, found 3"):
        read_queries(write(tmp_path, "q.yaml", "- {id: a, text: b, relevant: {}, where: 3}"))
