"""The JSON is that of the library, and the description of it is true."""

from __future__ import annotations

import json

import pytest

from notesearch.render.terminal import to_json


def plain(value):
    return json.loads(to_json(value))


def test_search_gives_the_hits_of_the_library(page):
    got = page.get("/api/search?q=reward+model+tag:alignment&k=2")
    assert got.status == 200
    assert got.headers["content-type"] == "application/json"
    answer = page.index.search("reward model tag:alignment", 2)
    assert got.json["hits"] == plain(answer.hits)
    assert got.json["where"] == "tag:alignment"
    assert len(got.json["snippets"]) == len(answer.hits) == 2


def test_lists_are_those_of_the_library(page):
    assert page.get("/api/tags").json == plain(page.index.tags())
    assert page.get("/api/status").json == plain(page.index.status())
    notes = page.get("/api/notes?where=tag:alignment").json
    assert [note["note_id"] for note in notes] == ["rl/dpo.md", "rl/ppo.md"]
    note = page.get("/api/note/rl/dpo.md").json
    assert note["title"] == "Direct Preference Optimization"
    assert [p["text"] for p in note["passages"]] == [
        passage.text for passage in page.index.show("rl/dpo.md")[1]
    ]
    like = page.get("/api/similar/rl/dpo.md?k=1").json
    assert [hit["note_id"] for hit in like["hits"]] == [
        hit.note_id for hit in page.index.similar("rl/dpo.md", 1).hits
    ]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/search", 400, "the query is empty"),
        ("/api/search?q=tag:dpos", 400, "did you mean dpo"),
        ("/api/search?q=reward&k=0", 400, "k is '0'; give a number from 1 to 100"),
        ("/api/search?q=reward&k=101", 400, "give a number"),
        ("/api/search?q=reward&k=ten", 400, "give a number"),
        ("/api/search?q=reward&k=%C2%B2", 400, "give a number"),
        ("/api/search?q=reward&mode=magic", 400, "'magic' is no mode"),
        ("/api/notes?where=reward", 400, "a word is no filter"),
        ("/api/notes?limit=-1", 400, "give a number"),
        ("/api/note/nonesuch", 404, "no note is called nonesuch"),
        ("/api/similar/survey.md", 404, "means 2 notes"),
        ("/api/nowhere", 404, "Not Found"),
    ],
)
def test_error_says_what_is_wrong_and_what_helps(page, path, status, message):
    got = page.get(path)
    assert got.status == status
    assert message in got.json["error"]


def test_description_names_every_path_and_parameter(page):
    described = page.get("/api").json
    assert described["openapi"].startswith("3.1")
    for path, methods in described["paths"].items():
        names = {one["name"] for one in methods["get"]["parameters"]}
        given = {"q": "reward", "k": "1", "limit": "1", "where": "tag:dpo", "mode": "lexical"}
        given |= {"text": "reward+model", "a": "rl/dpo.md", "b": "rl/ppo.md", "pairs": "1"}
        query = "&".join(f"{name}={given[name]}" for name in sorted(names - {"note_id"}))
        got = page.get(f"{path.format(note_id='rl/dpo.md')}?{query}")
        assert got.status == 200, path
        schema = methods["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        if "$ref" in schema:
            answer = described["components"]["schemas"]["Answer"]
            assert set(answer["required"]) <= got.json.keys() <= answer["properties"].keys()
        else:
            assert isinstance(got.json, list if schema["type"] == "array" else dict)
