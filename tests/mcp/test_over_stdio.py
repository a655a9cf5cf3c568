"""`notesearch mcp` in a process of its own, as a client starts it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time

import anyio
import pytest
from mcp import Client, StdioServerParameters

from notesearch import Index
from notesearch.cli.output import ExitCode
from notesearch.index.index_layout import IndexLayout
from notesearch.index.lock import writer_lock
from tests.cli.conftest import run as run
from tests.conftest import make_library, write_notes
from tests.fakes import WordEmbedder
from tests.mcp.conftest import REVISIONS, ROOT, environment


@pytest.mark.parametrize("revision", REVISIONS)
def test_client_of_the_sdk_lists_searches_and_reads(library, revision):
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "tests.word_model", "mcp", "--index", str(library / "index")],
        env=environment(),
        cwd=ROOT,
    )

    async def talk():
        async with Client(parameters, mode=revision) as client:
            tools = await client.list_tools()
            found = await client.call_tool("search", {"question": "reward policy"})
            note = await client.call_tool("read", {"note": "rl/dpo.md"})
            wrong = await client.call_tool("search", {"question": "x", "k": 10**9})
            return client.protocol_version, tools, found, note, wrong

    version, tools, found, note, wrong = anyio.run(talk)
    assert version == ("2025-11-25" if revision == "legacy" else revision)
    assert len(tools.tools) == 4
    assert found.content[0].text.startswith("1. ")
    assert "implied by the policy" in note.content[0].text
    assert wrong.is_error


def test_stdout_carries_the_protocol_alone_whatever_prints(library, started):
    server = started("--index", str(library / "index"), cwd=library, module="tests.mcp.loud_model")
    server.greet()
    for _ in range(3):
        failed, text = server.call("search", question="reward")
        assert (failed, text[:3]) == (False, "1. ")
    code, out, err = server.end()
    assert (code, out) == (ExitCode.OK, "")
    assert all("jsonrpc" in json.loads(line) for line in server.lines)
    ways = ("print", "the first stdout", "the descriptor", "C", "a program")
    assert {way: err.count(f"loud: {way}\n") for way in ways} == dict.fromkeys(ways, 3)


def test_wrong_lines_are_answered_or_left_and_the_server_goes_on(library, started):
    server = started("--index", str(library / "index"), cwd=library)
    server.greet()
    for line in (
        "",
        "no json",
        "[]",
        "{}",
        '{"jsonrpc":"2.0","id":1}',
        "\0",
        '"\\ud800"',
        "9" * 9999,
    ):
        server.process.stdin.write(f"{line}\n")
    server.send("no/such/method", number=7)
    answers = []
    while not answers or answers[-1].get("id") != 7:
        answers.append(server.receive())
    assert answers[-1]["error"]["code"] == -32601
    failed, _ = server.call("search", question="reward")
    assert not failed
    assert server.end()[0] == ExitCode.OK


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, ExitCode.OK), (signal.SIGINT, ExitCode.INTERRUPTED)],
)
@pytest.mark.parametrize("asked", [False, True])
def test_signal_ends_it_at_once_without_a_traceback(library, started, number, code, asked):
    server = started("--index", str(library / "index"), cwd=library)
    server.greet()
    if asked:
        server.call("search", question="reward")
    server.process.send_signal(number)
    assert server.process.wait(timeout=60) == code  # with stdin still open
    assert server.end()[2] == ""


def test_end_of_stdin_before_the_first_request_ends_it(library, started):
    assert started("--index", str(library / "index"), cwd=library).end() == (ExitCode.OK, "", "")


def test_without_an_index_it_starts_and_answers_as_soon_as_there_is_one(tmp_path, started):
    write_notes(tmp_path / "corpus")
    server = started(cwd=tmp_path)
    told = server.greet()["instructions"]
    assert told == (
        "The user's research notes cannot be searched yet: index holds no index; "
        "run: notesearch index"
    )
    assert server.call("search", question="reward") == (
        True,
        "index holds no index; run: notesearch index",
    )
    make_library(tmp_path)
    failed, text = server.call("search", question="reward")
    assert (failed, text[:3]) == (False, "1. ")
    assert server.end()[:2] == (ExitCode.OK, "")


def test_index_that_another_process_updates_or_makes_anew_answers_the_next_call(tmp_path, started):
    make_library(tmp_path)
    server = started(cwd=tmp_path)
    server.greet()
    assert "robots" not in server.call("search", question="robot")[1]
    note = tmp_path / "corpus/robots.md"
    for rebuild, title in ((False, "Walking robots"), (True, "Flying robots")):
        note.write_text(f"# {title}\n\nA robot.\n", encoding="utf-8")
        model = WordEmbedder(name="notesearch-encoder")
        with Index.open(tmp_path / "index", model) as index:
            index.update(rebuild=rebuild)
        failed, text = server.call("search", question="robot")
        assert (failed, text.splitlines()[0]) == (False, f"1. {title}")
    assert server.end()[0] == ExitCode.OK


def test_update_at_work_delays_no_answer(tmp_path, started):
    make_library(tmp_path)
    server = started(cwd=tmp_path)
    with writer_lock(IndexLayout(tmp_path / "index"), 0):
        assert "5 notes" in server.greet()["instructions"]
        assert not server.call("search", question="reward")[0]
        assert not server.call("read", note="rl/dpo.md")[0]
    assert server.end()[0] == ExitCode.OK


def test_several_indexes_answer_as_one(tmp_path, started, run, word_model):
    write_notes(tmp_path / "one")
    (tmp_path / "two").mkdir()
    (tmp_path / "two/robots.md").write_text("# Robots\n\nA robot.\n", encoding="utf-8")
    for name in ("one", "two"):
        assert run("index", str(tmp_path / name), "--name", name).code == ExitCode.OK
    server = started("-i", "one,two", cwd=tmp_path)
    assert "6 notes" in server.greet()["instructions"]
    assert "two:robots.md" in server.call("search", question="robot")[1]
    assert "implied by the policy" in server.call("read", note="one:rl/dpo.md:8")[1]
    assert server.end()[0] == ExitCode.OK


def test_person_who_starts_it_in_a_terminal_is_told_what_it_waits_for(tmp_path, library):
    pty = pytest.importorskip("pty")
    pid, terminal = pty.fork()
    if not pid:  # the child: the command itself, on a terminal of its own
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "tests.word_model", "mcp"])
    said = b""
    while b"--print-config" not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, b"\x04")  # Ctrl-D
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert b"waiting for a client of the Model Context Protocol on stdin; to connect" in said
    assert os.waitstatus_to_exitcode(status) == ExitCode.OK


@pytest.mark.parametrize("options", [(), ("--no-watch",)], ids=["watched", "as it is"])
def test_note_that_is_saved_is_found_by_a_later_call(tmp_path, started, options):
    make_library(tmp_path)
    server = started(*options, cwd=tmp_path)
    server.greet()
    assert server.call("list", what="notes", filter="title:robot")[1].startswith("No note")
    (tmp_path / "corpus/robot.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    until = time.monotonic() + (2 if options else 60)
    is_found = False
    while not is_found and time.monotonic() < until:
        is_found = "robot.md" in server.call("list", what="notes", filter="title:robot")[1]
    assert is_found is not bool(options)
    assert server.end()[0] == ExitCode.OK
