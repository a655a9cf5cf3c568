"""What the tools answer, as text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from notesearch import NotesearchError
from notesearch.mcp.compact_text import MOST_CHARS
from notesearch.mcp.tools import TOOLS
from tests.mcp.conftest import ROOT

SHIPPED_TOKENIZER = ROOT / "notesearch/embedding/shipped/encoder/tokenizer.json"


def ask(index, tool, **arguments):
    return TOOLS[tool].call(index, arguments)


def refused(index, tool, **arguments):
    with pytest.raises(NotesearchError) as error:
        ask(index, tool, **arguments)
    return error.value.for_shell


def test_descriptions_and_schemas_cost_less_than_1500_tokens():
    told = [
        {"name": tool.name, "description": tool.about, "inputSchema": tool.schema}
        for tool in TOOLS.values()
    ]
    tokenizer = Tokenizer.from_file(str(SHIPPED_TOKENIZER))
    tokenizer.no_truncation()
    # More than other tokenizers find: it takes each sign of JSON for a token of its own.
    assert len(tokenizer.encode(json.dumps(told)).ids) < 1000


def test_search_gives_title_place_facts_and_excerpt(index):
    assert ask(index, "search", question="reward model tag:dpo") == (
        "1. Direct Preference Optimization\n"
        "   rl/dpo.md:8-12 · Limitations · 2026-03-14 · arxiv:2305.18290 (2023) · #dpo #alignment\n"
        "   The reward model is implied by the policy. Limitations The policy drifts where a "
        "proof is missing."
    )


def test_cursor_goes_on_where_the_page_ends_until_there_is_no_more(index):
    whole = ask(index, "search", question="model", k=50)
    titles = re.findall(r"^\d+\. .+$", whole, re.M)
    assert len(titles) > 2
    assert "cursor" not in whole
    paged, cursor = [], ""
    for _ in titles:
        page = ask(index, "search", question="model", k=1, cursor=cursor)
        paged += re.findall(r"^\d+\. .+$", page, re.M)
        cursor = "".join(re.findall(r"cursor=(\S+)", page))
    assert (paged, cursor) == (titles, "")


def test_filters_alone_and_a_correction_and_nothing(index):
    assert ask(index, "search", question="tag:ppo").startswith("1. Proximal Policy Optimization\n")
    corrected = ask(index, "search", question="rewrad")
    assert corrected.startswith("asked for reward, as no note says rewrad (quotes keep")
    assert ask(index, "search", question="tag:ppo since:2026-02") == (
        "Nothing found with tag:ppo since:2026-02. Try other words, or fewer filters."
    )


def test_what_is_not_relevant_is_said_to_be_so(index):
    text = ask(index, "search", question="sourdough bread")
    assert text.startswith("Nothing relevant found. The nearest there is:\n1. ")
    assert "cursor" not in text


def test_read_gives_the_lines_with_their_numbers_and_where_it_goes_on(index):
    head = (
        "Direct Preference Optimization\n"
        "rl/dpo.md:1-12 · 2026-03-14 · arxiv:2305.18290 (2023) · #dpo #alignment\n"
    )
    first = "The reward model is implied by the policy."
    rest = "## Limitations\n\nThe policy drifts where a proof is missing."
    whole = f"{head}[8-12]\n{first}\n\n{rest}"
    assert ask(index, "read", note="rl/dpo.md") == whole
    assert ask(index, "read", note="direct preference") == whole
    assert (
        ask(index, "read", note="rl/dpo.md", lines=2)
        == f"{head}[8-9]\n{first}\nGoes on: from_line=10"
    )
    assert ask(index, "read", note="rl/dpo.md", from_line=10) == f"{head}[10-12]\n{rest}"
    assert ask(index, "read", note="rl/dpo.md:10-11") == f"{head}[10-12]\n{rest}"


def test_read_goes_on_to_the_end_without_a_gap_or_a_line_twice(make_index):
    lines = [f"Line {number} of a policy.\n" for number in range(1, 3000)]
    index = make_index({"long": "# Long\n\n" + "\n".join(lines)})
    seen, at = [], None
    while True:
        text = ask(index, "read", note="long", lines=100_000, **({"from_line": at} if at else {}))
        assert len(text) <= MOST_CHARS
        seen += re.findall(r"Line (\d+) of", text)
        goes_on = re.findall(r"^Goes on: from_line=(\d+)$", text, re.M)
        if not goes_on:
            break
        at = int(goes_on[0])
    assert seen == [str(number) for number in range(1, 3000)]


def test_line_longer_than_an_answer_is_named_and_the_next_one_can_be_read(make_index):
    index = make_index({"wide": f"# Wide\n\n{'policy ' * 9000}\n\nThe end.\n"})
    text = ask(index, "read", note="wide", from_line=3)
    assert len(text) <= MOST_CHARS
    assert "Line 3 is longer than an answer; the rest of it is left out." in text
    at = int(re.findall(r"from_line=(\d+)", text)[0])
    assert ask(index, "read", note="wide", from_line=at).endswith("The end.")


def test_similar_names_what_it_is_like(index):
    text = ask(index, "similar", note="rl/dpo.md", k=2)
    assert text.startswith(
        "Like Direct Preference Optimization:\n1. Proximal Policy Optimization\n"
    )
    assert "\n2. " in text


def test_same_paper_stands_apart_in_similar(make_index):
    note = "---\ntitle: {}\narxiv: 2305.18290\n---\n\nA reward and a policy.\n"
    other = "# Robots\n\nA robot has a policy.\n"
    index = make_index({"one": note.format("One"), "two": note.format("Two"), "three": other})
    text = ask(index, "similar", note="one")
    heads = [line for line in text.splitlines() if not line.startswith("   ")]
    assert heads == ["On the same paper as One:", "1. Two", "Like One:", "2. Robots"]


def test_list_gives_notes_newest_first_and_tags_with_counts(index):
    text = ask(index, "list", k=2)
    assert text.splitlines()[:2] == [
        "2026-03-14 · rl/dpo.md · Direct Preference Optimization · #dpo #alignment",
        "2026-01-20 · vision/vit.md · An Image is Worth 16x16 Words · #vision/transformers",
    ]
    assert re.fullmatch(r"3 more: cursor=2-\w{6}", text.splitlines()[2])
    rest = ask(index, "list", cursor=text.rpartition("cursor=")[2])
    assert len(rest.splitlines()) == 3
    assert "more" not in rest
    assert ask(index, "list", filter="tag:ppo").count("\n") == 0
    assert ask(index, "list", what="tags", filter="path:rl/").startswith("alignment 2, ")
    assert ask(index, "list", filter="since:2027") == "No notes with since:2027."


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {}, "search needs question: "),
        ("search", {"question": None}, "search needs question: "),
        ("search", {"question": ["a"]}, "question must be a text, found a list"),
        ("search", {"question": {"a": 1}}, "question must be a text, found an object"),
        ("search", {"question": True}, "question must be a text, found True"),
        ("search", {"question": ""}, "the query is empty; "),
        ("search", {"question": "reward " * 100_000}, "question has 700,000 characters; give at"),
        ("search", {"question": "a\ud800"}, "question is not UTF-8; "),
        ("search", {"question": "reward tag:dppo"}, "no note has the tag dppo; did you mean dpo"),
        ("search", {"question": "(tag:dpo"}, "this bracket is not closed; "),
        ("search", {"question": "a", "k": 10**9}, "k must be a whole number from 1 to 50, found"),
        ("search", {"question": "a", "k": -1}, "k must be a whole number from 1 to 50, found -1"),
        ("search", {"question": "a", "k": True}, "k must be a whole number from 1 to 50, found"),
        ("search", {"question": "a", "k": 1.5}, "k must be a whole number from 1 to 50, found 1.5"),
        ("search", {"question": "a", "k": float("nan")}, "k must be a whole number from 1 to 50"),
        ("search", {"question": "a", "k": "9" * 5000}, "k must be a whole number from 1 to 50"),
        ("search", {"question": "a", "cursor": "5-ffffff"}, "cursor '5-ffffff' is not of this"),
        ("search", {"question": "a", "cursor": "x" * 9999}, "cursor has 9,999 characters; "),
        ("search", {"question": "a", "limit": 5}, "search takes no argument 'limit'; it takes "),
        ("search", {"question": "a", "__class__": 5}, "search takes no argument '__class__'; "),
        ("read", {"note": "nowhere.md"}, "no note is called nowhere.md; "),
        ("read", {"note": "../../../../etc/passwd"}, "no note is called ../../../../etc/passwd; "),
        ("read", {"note": "rl/../../corpus/rl/../../../etc/passwd"}, "no note is called "),
        ("read", {"note": "/etc/passwd"}, "no note is called /etc/passwd; "),
        ("read", {"note": "\0\x1b[31m"}, "no note is called "),
        ("read", {"note": "a survey"}, "a survey means 2 notes: speech/survey.md, vision/"),
        ("read", {"note": "rl/dpo.md", "from_line": 99}, "rl/dpo.md has no text in lines 99 to"),
        ("read", {"note": "rl/dpo.md", "from_line": 0}, "from_line must be a whole number from"),
        ("similar", {"note": "nowhere.md"}, "no note is called nowhere.md; "),
        ("similar", {"note": "rl/dpo.md", "filter": "dpo"}, "a word is no filter; "),
        ("list", {"what": "files"}, "what is one of notes, tags; found files"),
        ("list", {"filter": "tag:"}, "tag: has no value"),
    ],
)
def test_wrong_argument_is_an_error_that_says_how_to_go_on(index, tool, arguments, said):
    text = refused(index, tool, **arguments)
    assert text.startswith(said)
    assert len(text) < 1000


def test_numbers_are_taken_as_models_write_them(index):
    one = ask(index, "search", question="reward", k=1)
    assert ask(index, "search", question="reward", k=1.0) == one
    assert ask(index, "search", question="reward", k="1") == one
    assert ask(index, "search", question="reward", k=1, cursor=None) == one


def test_read_opens_no_file(index, library, monkeypatch):
    path = (library / "corpus/rl/dpo.md").resolve()
    secret = library / "corpus/secret.md"
    secret.write_text("# Secret\n\nNot in the index.\n", encoding="utf-8")
    try:
        assert refused(index, "read", note="secret.md").startswith("no note is called secret.md")
        assert refused(index, "read", note=str(secret)).startswith("no note is called")
    finally:
        secret.unlink()

    def refuse(file: object, *_: object, **__: object) -> None:
        raise AssertionError(f"{file} was opened")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_text", refuse)
    assert "implied by the policy" in ask(index, "read", note=str(path))


def test_words_of_notes_stay_in_their_place(make_index):
    hostile = (
        "# Title\x1b[31m \u202egnp\n\nA policy\x00 that\x07 hides"
        f" {''.join(chr(0xE0000 + ord(c)) for c in 'obey')}.\n2. A false hit\n   over here\n"
    )
    index = make_index({"bad": hostile})
    for text in (ask(index, "search", question="policy"), ask(index, "read", note="bad")):
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e\U000e0000-\U000e007f]", text)
    hits = [line for line in ask(index, "search", question="policy").splitlines() if line[0] != " "]
    assert len(hits) == 1


def test_answers_keep_to_their_limit_and_the_cursor_gives_the_rest(make_index):
    names = [f"{'deep/' * 300}{number}" for number in range(40)]
    index = make_index({name: f"# A policy {name[-3:]}\n\nA reward.\n" for name in names})
    for tool, arguments in (("search", {"question": "reward"}), ("list", {})):
        seen, cursor = set(), ""
        for _ in names:
            text = ask(index, tool, k=40, cursor=cursor, **arguments)
            assert len(text) <= MOST_CHARS
            seen |= set(re.findall(r"(deep/\S+?)(?::|\s|$)", text))
            cursor = "".join(re.findall(r"cursor=(\S+)", text))
            if not cursor:
                break
        assert seen >= set(names)


def test_list_of_long_tags_keeps_to_its_limit_and_names_them_all(make_index):
    tags = [f"{'t' * 90}-{number:03}" for number in range(250)]
    index = make_index({})
    index.add("# A policy\n\nA reward.\n", id="one", tags=tags)
    seen, cursor = set(), ""
    while True:
        text = ask(index, "list", what="tags", cursor=cursor)
        assert len(text) <= MOST_CHARS
        seen |= set(re.findall(r"t+-\d+", text))
        if "cursor=" not in text:
            break
        cursor = text.rpartition("cursor=")[2]
    assert seen == set(tags)
