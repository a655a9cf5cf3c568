"""Whatever an agent hands to a tool, it gets an answer of bounded length or one of our errors."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notesearch import NotesearchError
from notesearch.mcp.compact_text import MOST_CHARS
from notesearch.mcp.tools import TOOLS
from tests.mcp.conftest import REVISIONS
from tests.mcp.test_agent_server import asking

NAMES = sorted({name for tool in TOOLS.values() for name in tool.arguments})
WORDS = st.sampled_from(
    [
        *(
            "reward",
            "tag:dpo",
            "-tag:dpo",
            "tag:",
            "path:..",
            "path:/",
            "since:9999",
            "OR",
            "(",
            ")",
        ),
        *(
            '"',
            "rl/dpo.md",
            "rl/dpo.md:8",
            "..",
            "/etc/passwd",
            "file:///etc",
            "notes",
            "tags",
            "#",
        ),
        *(
            "\0",
            "\x1b[2J",
            "\u202e",
            "\udc80",
            "%00",
            "'; DROP TABLE notes; --",
            "${HOME}",
            "5-abc",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=6).map(" ".join))
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([0, 1, -1, 50, 51, 10**9, 2**63, 2**64, -(2**70)]),
        st.floats(),
        TEXTS,
        TEXTS.map(lambda text: text * 2000),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(st.sampled_from([*NAMES, "more", "self"]), VALUES, max_size=4)
# Close to what is right, so that it gets past the door.
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("question", "note", "filter", "cursor", "what"), TEXTS),
        **{name: st.integers(-1, 60) for name in ("k", "from_line", "lines")},
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(TOOLS)), arguments=ARGUMENTS | LIKELY)
def test_tool_answers_or_refuses(index, name, arguments):
    tool = TOOLS[name]
    known = {key: value for key, value in arguments.items() if key in tool.arguments}
    for given_arguments in (arguments, known):
        try:
            text = tool.call(index, given_arguments)
        except NotesearchError as error:
            text = error.for_shell
            assert len(text) < 10_000
        assert len(text) <= MOST_CHARS


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize(
    "arguments",
    [
        {"question": "reward", "k": 10**9},
        {"question": "reward" * 100_000},
        {"question": "\0\x1b[31m\u202e"},
        {"question": {"a": [1]}, "k": "x", "cursor": -1},
        {"note": "../../../../etc/passwd"},
        {"question": "reward", "cursor": "1-000000"},
    ],
)
def test_client_gets_an_error_that_is_marked_and_the_server_goes_on(index, revision, arguments):
    async def talk(client):
        wrong = await client.call_tool("search", arguments)
        return wrong, await client.call_tool("search", {"question": "reward"})

    wrong, right = asking(lambda: index, revision)(talk)
    assert wrong.is_error or "Nothing" in wrong.content[0].text
    assert 0 < len(wrong.content[0].text) < 3000
    assert (right.is_error, right.content[0].text[:3]) == (False, "1. ")
