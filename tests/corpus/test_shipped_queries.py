"""The form of the judged queries: what they name exists, and the kinds are halved."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from notesearch.corpus.reader import read_file
from notesearch.corpus.walk import list_files
from notesearch.records import Note, Role

CORPUS = Path(__file__).parents[2] / "corpus"
QUERIES: list[dict[str, Any]] = yaml.safe_load(
    (CORPUS / "queries.yaml").read_text(encoding="utf-8")
)
KINDS = {
    "question",
    "paraphrase",
    "keyword",
    "acronym",
    "half-sentence",
    "section",
    "filter",
    "no-answer",
}
# What only queries of one kind carry.
FIELD_OF_KIND = {"section": "section", "filter": "where"}
DAY = r"\d{4}(-\d{2}(-\d{2})?)?"
CONDITION = re.compile(
    r"-?(tag:[\w/-]+|path:[\w./-]+|paper:\d{4}\.\d{4,5}|(after|before):"
    + DAY
    + "|section:("
    + "|".join(role.value for role in Role)
    + r"))(?=[\s)]|$)"
)
ALTERNATIVES = "·(?: (?:OR )?·)*"


@pytest.fixture(scope="module")
def notes() -> dict[str, Note]:
    """Every note of the corpus by its id."""
    files = list_files(CORPUS).files
    return {note.id: note for file in files for note in read_file(CORPUS, file.path).notes}


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(query, id=query["id"]) for query in QUERIES if query["kind"] == kind]


def is_filter(where: str) -> bool:
    """Say whether conditions, OR and brackets make one filter: a bracket shrinks to one dot."""
    rest, shape = None, CONDITION.sub("·", where)
    while shape != rest:
        rest, shape = shape, re.sub(rf"-?\({ALTERNATIVES}\)", "·", shape)
    return re.fullmatch(ALTERNATIVES, shape) is not None


def test_there_are_enough_queries_of_every_kind() -> None:
    kinds = Counter(query["kind"] for query in QUERIES)
    assert set(kinds) == KINDS
    assert len(QUERIES) >= 150
    assert min(kinds.values()) >= 15


def test_no_id_and_no_text_comes_twice() -> None:
    assert len({query["id"] for query in QUERIES}) == len(QUERIES)
    assert len({query["text"].casefold() for query in QUERIES}) == len(QUERIES)


def test_each_kind_is_halved_between_tune_and_test() -> None:
    halves = Counter((query["kind"], query["split"]) for query in QUERIES)
    assert {split for _, split in halves} == {"tune", "test"}
    assert all(halves[kind, "tune"] == halves[kind, "test"] for kind in KINDS)


def test_query_has_the_fields_of_its_kind() -> None:
    common = {"id", "kind", "split", "text", "relevant", "why"}
    for query in QUERIES:
        own = FIELD_OF_KIND.get(query["kind"])
        assert set(query) == common | ({own} if own else set()), query["id"]
        assert query["text"].strip(), query["id"]
        assert query["why"].strip(), query["id"]


def test_judged_notes_exist(notes: dict[str, Note]) -> None:
    assert {id_ for query in QUERIES for id_ in query["relevant"]} <= set(notes)


def test_an_answer_is_graded_two_and_help_one() -> None:
    for query in QUERIES:
        grades = set(query["relevant"].values())
        unanswered = query["kind"] == "no-answer"
        assert grades in ([set()] if unanswered else [{2}, {1, 2}]), query["id"]


@pytest.mark.parametrize("query", of_kind("section"))
def test_answering_note_has_a_section_of_that_role(
    query: dict[str, Any], notes: dict[str, Note]
) -> None:
    role = Role(query["section"])
    for note_id in query["relevant"]:
        assert role in {role for section in notes[note_id].sections for role in section.roles}


@pytest.mark.parametrize("query", of_kind("filter"))
def test_filter_is_well_formed(query: dict[str, Any]) -> None:
    assert is_filter(query["where"])


@pytest.mark.parametrize(
    "where", ["", "tag:", "tag:a OR", "(tag:a", "tag:a)", "after:june", "section:weather", "dpo"]
)
def test_malformed_filter_is_noticed(where: str) -> None:
    assert not is_filter(where)


@pytest.mark.parametrize("query", of_kind("filter"))
def test_tags_and_folders_of_a_filter_occur(query: dict[str, Any], notes: dict[str, Note]) -> None:
    tags = {tag.casefold() for note in notes.values() for tag in note.tags + note.folder_tags}
    assert set(re.findall(r"tag:([\w/-]+)", query["where"])) <= tags
    for folder in re.findall(r"path:([\w./-]+)", query["where"]):
        assert any(note.path.startswith(folder) for note in notes.values())


def test_what_the_help_of_query_asks_for_is_there(notes: dict[str, Note]) -> None:
    """It asks for `section:limitations calibration`."""
    roles = [section.roles for section in notes["uncertainty/calibration.md"].sections]
    assert (Role.LIMITATIONS,) in roles
