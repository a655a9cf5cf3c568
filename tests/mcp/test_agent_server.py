"""The server as a client of the SDK sees it, in both revisions of the protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client, MCPError

from notesearch import UnusableIndexError
from notesearch.mcp.agent_server import make_server
from notesearch.mcp.note_resources import address_of
from tests.mcp.conftest import REVISIONS

Ask = Callable[[Callable[[Client], Awaitable[Any]]], Any]


def asking(open_index: Callable[[], Any], revision: str) -> Ask:
    """Return what runs a conversation with the server in this process."""

    def run(talk: Callable[[Client], Awaitable[Any]]) -> Any:
        async def converse() -> Any:
            async with Client(make_server(open_index), mode=revision) as client:
                return await talk(client)

        return anyio.run(converse)

    return run


@pytest.fixture(params=REVISIONS)
def ask(request, index) -> Ask:
    return asking(lambda: index, request.param)


def refusal(ask: Ask, talk: Callable[[Client], Awaitable[Any]]) -> str:
    """What an error of the protocol says, which the conversation has to end with."""

    async def expect(client: Client) -> str:
        with pytest.raises(MCPError) as error:
            await talk(client)
        return error.value.error.message

    said: str = ask(expect)
    return said


def test_four_tools_read_and_change_nothing(ask):
    tools = ask(lambda client: client.list_tools()).tools
    assert [tool.name for tool in tools] == ["search", "read", "similar", "list"]
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.open_world_hint
        assert tool.output_schema is None


def test_answer_is_said_once_as_text(ask):
    result = ask(lambda client: client.call_tool("search", {"question": "reward policy"}))
    assert (result.is_error, result.structured_content) == (False, None)
    (content,) = result.content
    assert content.text.startswith("1. ")


def test_what_is_wrong_is_an_answer_that_is_marked(ask):
    result = ask(lambda client: client.call_tool("read", {"note": "nowhere.md"}))
    assert result.is_error
    assert result.content[0].text.startswith("no note is called nowhere.md")
    unknown = ask(lambda client: client.call_tool("delete", {}))
    assert unknown.is_error
    assert unknown.content[0].text == (
        "there is no tool delete; there are search, read, similar, list"
    )


def test_many_questions_at_once_each_get_their_answer(ask):
    words = ["reward", "image", "speech", "policy", "proof", "patches"] * 5
    got: dict[int, str] = {}

    async def talk(client):
        async def one(number):
            result = await client.call_tool("search", {"question": words[number], "k": 1})
            got[number] = result.content[0].text

        async with anyio.create_task_group() as group:
            for number in range(len(words)):
                group.start_soon(one, number)

    ask(talk)
    assert all(words[number] in text for number, text in got.items())
    assert len(got) == len(words)


def test_notes_are_listed_and_read_by_their_addresses(ask, index):
    async def talk(client):
        listed = (await client.list_resources()).resources
        texts = [(await client.read_resource(one.uri)).contents[0].text for one in listed]
        return listed, texts

    listed, texts = ask(talk)
    assert [one.uri for one in listed] == [address_of(note) for note in index.notes()]
    assert listed[0].uri == "note://rl/dpo.md"
    assert "implied by the policy" in texts[0]
    (template,) = ask(lambda client: client.list_resource_templates()).resource_templates
    assert template.uri_template == "note://{+path}"


@pytest.mark.parametrize(
    "address",
    [
        "note://rl/nowhere.md",
        "note://../../../etc/passwd",
        "note:///etc/passwd",
        "note://%2e%2e/%2e%2e/etc/passwd",
        "note://direct%20preference",  # a name is no address
        "note://",
        "file:///etc/passwd",
    ],
)
def test_address_of_no_note_is_an_error(ask, address):
    said = refusal(ask, lambda client: client.read_resource(address))
    assert said.startswith(("no note ", "a note's address begins with note://"))


def test_wrong_page_of_notes_is_an_error(ask):
    for cursor in ("-1", "x", "9" * 50):
        said = refusal(ask, lambda client, at=cursor: client.list_resources(cursor=at))
        assert said == "this cursor is none of ours; leave it out"


def test_path_of_an_address_is_completed(ask):
    ref = types.ResourceTemplateReference(type="ref/resource", uri="note://{+path}")
    found = ask(lambda client: client.complete(ref, {"name": "path", "value": "rl/"})).completion
    assert found.values == ["rl/dpo.md", "rl/ppo.md"]


def test_prompt_holds_the_question_and_asks_for_citations(ask):
    (prompt,) = ask(lambda client: client.list_prompts()).prompts
    result = ask(lambda client: client.get_prompt(prompt.name, {"question": "Why?"}))
    assert result.messages[0].content.text.startswith("Answer from my notes: Why?\n")
    assert "path:lines" in result.messages[0].content.text
    said = refusal(ask, lambda client: client.get_prompt(prompt.name, {}))
    assert said == "there is one prompt, answer_from_notes: (question)"


@pytest.mark.parametrize("revision", ["legacy", "auto"])
def test_first_answer_says_what_the_index_holds_now(make_index, revision):
    async def instructions(client):
        return client.instructions

    index = make_index({})
    ask = asking(lambda: index, revision)
    index.add("# One\n\nA reward.\n", id="one", tags=["dpo", "reward models"], date="2026-02-01")
    index.add("# Two\n\nA policy.\n", id="two", tags=["dpo"], date="2026-03-01")
    told = ask(instructions)
    assert told.startswith("The user's own research notes: 2 notes, the newest of 2026-03-01.")
    assert "Commonest tags: dpo (2), reward models (1)." in told
    assert "in the question: open problems tag:dpo -tag:reward-models." in told
    index.add("# Three\n\nA proof.\n", id="three")
    assert "3 notes" in ask(instructions)


def test_example_in_the_first_answer_can_be_asked(index):
    async def talk(client):
        example = client.instructions.partition("in the question: ")[2].partition(". ")[0]
        return await client.call_tool("search", {"question": example})

    assert not asking(lambda: index, "legacy")(talk).is_error


@pytest.mark.parametrize("revision", REVISIONS)
def test_without_an_index_the_server_answers_with_what_makes_one(index, revision):
    missing = [True]

    def open_index():
        if missing[0]:
            raise UnusableIndexError("there is no index here; run: notesearch index CORPUS")
        return index

    async def talk(client):
        first = await client.call_tool("search", {"question": "reward"})
        missing[0] = False
        return first, await client.call_tool("search", {"question": "reward"})

    first, second = asking(open_index, revision)(talk)
    assert first.is_error
    assert first.content[0].text == "there is no index here; run: notesearch index CORPUS"
    assert not second.is_error


@pytest.mark.parametrize("revision", REVISIONS)
def test_bug_is_one_failed_answer_that_gives_nothing_away(index, revision, caplog):
    def broken():
        raise ZeroDivisionError("/home/me/secret")

    result = asking(broken, revision)(lambda client: client.call_tool("list", {}))
    assert result.is_error
    assert result.content[0].text.startswith("this is a bug of notesearch: ZeroDivisionError; ")
    assert "secret" not in result.content[0].text
