"""Commands with a model that a server runs: what is sent, said and kept, and what is not."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.cli.conftest import Run, run_apart, start
from tests.conftest import write_notes
from tests.embedding.test_served_model import hang, refuse
from tests.embedding_server import KEY, EmbeddingServer, running_server
from tests.fakes import WordEmbedder


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingServer]:
    """A server that the person's own settings name, and a working folder with notes."""
    write_notes(tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("NOTESEARCH_API_KEY", KEY)
    with running_server() as server:
        write_own(f"model: openai:words\nendpoint: {server.endpoint}\n")
        yield server


def write_own(text: str) -> None:
    own = Path(os.environ["XDG_CONFIG_HOME"]) / "notesearch/config.yaml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(text, encoding="utf-8")


def test_index_and_query_ask_the_server_and_say_so_once(server, run, tmp_path):
    host = f"127.0.0.1:{server.server_port}"
    made = run("index")
    assert made.code == ExitCode.OK
    assert made.err.splitlines()[0] == (
        "notesearch: warning: the texts of the notes and the questions are sent to "
        f"{host}, a server on this machine, for the model openai:words"
    )
    sent = len(server.texts)
    asked = run("query", "reward policy", "--json")
    assert (asked.code, asked.err) == (ExitCode.OK, "")
    assert '"rl/dpo.md' in asked.out
    assert server.texts[sent] == "reward policy"
    described = run("status")
    assert f"openai:words at http://{host}/v1" in described.out
    assert "9 dimensions" in described.out


def test_update_sends_what_is_new_alone_and_nothing_where_nothing_is(server, run):
    run("index")
    del server.received[:]
    assert run("index").code == ExitCode.OK
    assert server.received == []
    Path("corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    changed = run("index")
    assert (changed.code, "warning" in changed.err) == (ExitCode.OK, False)
    probe, *texts = server.texts
    assert [text for text in texts if "robot" not in text] == []
    assert "robot" not in probe


def test_words_filters_and_lists_send_nothing(server, run):
    run("index")
    del server.received[:]
    for command in (("query", "--mode", "lexical", "reward"), ("query", "tag:dpo"), ("notes",)):
        assert run(*command).code == ExitCode.OK
    assert server.received == []


def test_key_is_in_nothing_that_is_printed_or_kept(server, tmp_path):
    """In processes of their own, whose whole output counts, also with tracebacks."""
    printed = []
    faults = ([], [], [refuse(401, {"error": {"message": f"wrong key {KEY}"}})])
    commands = (("index",), ("query", "reward"), ("query", "reward"), ("status", "--json"))
    for command, fault in zip(commands, (*faults, []), strict=True):
        server.faults = list(fault)
        ended = run_apart((*command, "--debug"), tmp_path, module="notesearch")
        printed.append(ended.out + ended.err)
    assert "refuses the key (401)" in printed[2]
    assert KEY in {one.authorization.removeprefix("Bearer ") for one in server.received}
    assert [text for text in printed if KEY in text] == []
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite" or "catalog" in path.name for path in kept)
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []


def test_update_that_was_interrupted_goes_on_where_it_was(server, run, tmp_path):
    for number in range(40):
        path = Path(f"corpus/more{number}.md")
        path.write_text(f"# Note {number}\n\nA policy of {number}.\n", encoding="utf-8")
    server.faults = [None, None, refuse(401)]
    ended = run("index")
    assert ended.code == ExitCode.MODEL
    done = {text for one in server.received[:2] for text in one.body["input"]}
    assert len(done) > 8
    del server.received[:]
    assert run("index").code == ExitCode.OK
    assert not done & set(server.texts)


@pytest.mark.parametrize("command", [("index",), ("query", "reward")])
def test_ctrl_c_ends_a_request_that_hangs(server, run, tmp_path, command):
    if command != ("index",):
        run("index")
    del server.received[:]
    server.always = hang
    process = start(*command, cwd=tmp_path, module="notesearch")
    while not server.received:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)  # the request itself is waited for twice as long
    assert process.returncode == ExitCode.INTERRUPTED
    assert "interrupted" in err


def test_nobody_at_the_address_is_told_in_one_line(server, run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    write_own(f"model: openai:words\nendpoint: http://127.0.0.1:{port}/v1\n")
    ended = run("index")
    assert ended.code == ExitCode.MODEL
    assert ended.err.splitlines()[-1] == (
        f"notesearch: model openai:words: the server 127.0.0.1:{port} cannot be reached "
        "(Connection refused); start the server, or mend endpoint"
    )


# ------------------------------------------------------------ a server that changes its model


def test_server_with_another_dimension_is_told_by_query_and_update_until_a_rebuild(server, run):
    run("index")
    server.model = WordEmbedder(("policy", "reward"))
    asked = run("query", "reward")
    assert asked.code == ExitCode.MODEL
    assert "index holds vectors of 9 numbers, openai:words at " in asked.err
    assert "gives 3 now; run: notesearch index corpus --index index --rebuild" in asked.err
    Path("corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    changed = run("index")
    assert changed.code == ExitCode.MODEL
    assert (
        "gave 3 dimensions, the index holds 9; run: notesearch index corpus --index index --rebuild"
        in changed.err
    )
    assert run("index", "--rebuild").code == ExitCode.OK
    assert run("query", "reward").code == ExitCode.OK


def test_server_with_another_model_of_that_dimension_is_told_by_an_update(server, run):
    run("index")
    server.model = WordEmbedder(("what", "is", "of", "the", "a", "and", "in", "model"))
    Path("corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    changed = run("index")
    assert changed.code == ExitCode.MODEL
    told = "its server runs another one by that name; run: notesearch index corpus"
    assert told in changed.err
    assert run("index", "--rebuild").code == ExitCode.OK


def test_rebuild_goes_on_after_an_update_that_another_dimension_ended(server, run):
    """What was kept of it belongs to a model that is gone."""
    for number in range(40):
        Path(f"corpus/more{number}.md").write_text(f"# N\n\nA policy of {number}.\n", "utf-8")
    server.faults = [None, refuse(401)]
    run("index")
    server.model = WordEmbedder(("policy", "reward"))
    assert run("index").code == ExitCode.MODEL
    assert run("index").code == ExitCode.OK


def test_another_endpoint_is_another_model(server, run):
    run("index")
    with running_server() as other:
        write_own(f"model: openai:words\nendpoint: {other.endpoint}\n")
        asked = run("index")
        assert asked.code == ExitCode.MODEL
        assert other.received == []
        assert "run: notesearch index corpus --index index --rebuild" in asked.err


# ------------------------------------------------------------ a file that came with a folder


@pytest.fixture
def strangers(server: EmbeddingServer, run: Run) -> EmbeddingServer:
    """A stranger's settings beside the notes, that name the server; the person names none."""
    write_own("update: manual\n")
    text = f"model: openai:words\nendpoint: {server.endpoint}\n"
    Path("notesearch.yaml").write_text(text, encoding="utf-8")
    return server


def test_found_file_sends_nothing_before_it_is_trusted(strangers, run):
    made = run("index")
    assert made.code == ExitCode.OK
    assert "notesearch.yaml: left out model, endpoint" in made.err
    assert run("query", "reward").code == ExitCode.OK
    assert strangers.received == []


@pytest.mark.parametrize("text", ["endpoint: {}\n", "model: openai:other\nendpoint: {}\n"])
def test_found_file_leads_no_texts_of_a_served_model_elsewhere(server, run, text):
    with running_server() as other:
        Path("notesearch.yaml").write_text(text.format(other.endpoint), encoding="utf-8")
        assert run("index").code == ExitCode.OK
        assert run("query", "reward").code == ExitCode.OK
        assert other.received == []
    assert {one.body["model"] for one in server.received} == {"words"}


def test_found_file_that_is_trusted_counts(strangers, run):
    assert run("trust").code == ExitCode.OK
    assert run("index").code == ExitCode.OK
    assert strangers.received
