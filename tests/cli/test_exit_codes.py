"""How commands end: exit codes, Ctrl-C, closed pipes, and errors in one line each."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from notesearch.cli.output import MEANING, ExitCode
from tests.cli.conftest import ROOT, run_apart, start
from tests.conftest import write_notes
from tests.index.faults import alter


def test_every_exit_code_has_a_meaning():
    assert list(MEANING) == list(ExitCode)
    assert [code.value for code in MEANING] == [0, 1, 2, 3, 4, 5, 70, 74, 130]


# ------------------------------------------------------------ 2: wrong use


@pytest.mark.parametrize("value", ["x", "complete_nonesuch"])
def test_unknown_completion_ends_with_2(tmp_path, value):
    ended = run_apart(["query", "x"], tmp_path, module="notesearch", _NOTESEARCH_COMPLETE=value)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")


def test_first_query_of_a_corpus_that_is_not_there_ends_with_2(
    tmp_path, run, word_model, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    ended = run("query", "policy", "--corpus", "nowhere")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.splitlines() == [
        "no index in index yet: making one of nowhere",
        "notesearch: corpus nowhere does not exist; name a folder of notes",
    ]
    write_notes(Path("corpus"))
    assert run("query", "policy").code == ExitCode.OK


# ------------------------------------------------------------ 3: the index


@pytest.mark.parametrize("command", [["status"], ["check"], ["tags"], ["notes"], ["show", "x"]])
def test_no_index_ends_with_3_and_names_the_command(here, run, command):
    shutil.rmtree("index")
    ended = run(*command)
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")
    assert ended.err == "notesearch: index holds no index; run: notesearch index\n"
    assert not Path("index").exists()


def test_folder_of_other_things_is_not_written_into(here, run):
    write_notes(Path("photos"))
    for command in (["index", "--index", "photos"], ["query", "policy", "--index", "photos"]):
        ended = run(*command)
        assert (ended.code, ended.out) == (ExitCode.INDEX, "")
        assert "photos" in ended.err.splitlines()[-1]
    assert sorted(path.name for path in Path("photos").iterdir()) == ["rl", "speech", "vision"]


def test_file_that_is_no_database_ends_with_3(here, run):
    Path("index/catalog.sqlite").write_bytes(b"no database, but long enough to be one " * 99)
    ended = run("query", "policy")
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")
    assert "notesearch index corpus --index index --rebuild" in ended.err
    assert run("index", "--rebuild").code == ExitCode.OK
    assert run("query", "policy").code == ExitCode.OK


def test_index_of_a_newer_format_ends_with_3(here, run):
    alter(Path("index"), "PRAGMA user_version = 99")
    ended = run("query", "policy")
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")
    assert "99" in ended.err


def test_index_that_is_being_written_ends_with_3(here, run):
    Path("corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    Path("index/lock.holder").write_text(
        "process 77 since 2026-05-01T12:00:00+00:00\n", encoding="utf-8"
    )
    with FileLock("index/lock"):
        ended = run("index", "--wait", "0")
        assert run("query", "reward model", "-k", "1").code == ExitCode.OK
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")
    assert ended.err == (
        "notesearch: index is being written by process 77 since 2026-05-01T12:00:00+00:00; "
        "wait for it to finish, then try again\n"
    )


def test_damage_ends_with_3_until_it_is_mended(here, run):
    (vectors,) = Path("index").glob("vectors-*.faiss")
    vectors.write_bytes(b"damaged")
    found = run("check")
    assert found.code == ExitCode.INDEX
    assert vectors.name in found.out
    assert run("query", "policy").code == ExitCode.INDEX
    mended = run("check", "--fix")
    assert (mended.code, mended.err) == (ExitCode.OK, "")
    assert mended.out.rstrip().endswith("(mended)")
    assert (run("check").code, run("check").out) == (ExitCode.OK, "no damage found\n")
    assert run("query", "policy").code == ExitCode.OK


# ------------------------------------------------------------ 4: the model


def test_another_model_than_the_index_has_ends_with_4(here, run, monkeypatch):
    monkeypatch.setenv("NOTESEARCH_MODEL", "other")
    for command in (["query", "policy"], ["index"]):
        ended = run(*command)
        assert (ended.code, ended.out) == (ExitCode.MODEL, "")
        assert "notesearch-encoder-9" in ended.err
        assert "other-9" in ended.err
        assert "notesearch index corpus --index index --rebuild" in ended.err
    assert run("query", "policy", "--mode", "lexical").code == ExitCode.OK
    assert run("index", "--rebuild").code == ExitCode.OK


# ------------------------------------------------------------ 5: files left out


def test_files_left_out_end_with_5_and_are_named(here, run):
    Path("corpus/scan.md").write_bytes(b"%PDF-1.7")
    ended = run("index")
    assert (ended.code, ended.out) == (ExitCode.SKIPPED_FILES, "")
    said = ended.err.splitlines()
    assert said[0] == "scan.md: left out: not text but a PDF"
    assert said[1].startswith("files: 1 added, 5 unchanged, 1 left out; ")
    assert run("index", "--dry-run").code == ExitCode.SKIPPED_FILES
    assert run("query", "policy").code == ExitCode.OK


# ------------------------------------------------------------ 130 and pipes


def test_interrupted_update_says_so_and_leaves_the_index_whole(here):
    before = run_apart(["query", "reward model", "--json"], here).out
    for number in range(300):
        (here / f"corpus/{number}.md").write_text(f"# Note {number}\n\nA robot.\n")
    holder = here / "index/lock.holder"
    holder.unlink(missing_ok=True)
    process = start("index", cwd=here, SLOW_MODEL="1")
    while not holder.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (ExitCode.INTERRUPTED, "")
    assert err == (
        "notesearch: interrupted; the index is whole, as it was before; "
        "to go on, run: notesearch index\n"
    )
    ended = run_apart(["query", "reward model", "--json"], here)
    assert ended.out == before
    assert ended.err == "the index is behind: 300 added; run: notesearch index\n"
    assert run_apart(["check"], here).code == ExitCode.OK


@pytest.mark.skipif(os.name == "nt", reason="a shell with pipes")
def test_closed_pipe_is_no_error(here):
    title = "A note on robots " * 20  # so that each output is far more than a pipe holds
    for number in range(400):
        (here / f"corpus/{number}.md").write_text(f"# {title}{number}\n\nA robot {number}.\n")
    assert run_apart(["index"], here).code == ExitCode.OK
    query = "query robot -k 2000"
    for command in (f"{query} --jsonl", f"{query} --json", "notes", "parse corpus"):
        program = f'"{sys.executable}" -m tests.word_model {command}'
        ended = subprocess.run(
            ["bash", "-c", f"{program} | head -1; exit ${{PIPESTATUS[0]}}"],
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (ExitCode.OK, ""), command
        assert len(ended.stdout.splitlines()) == 1, command


# ------------------------------------------------------------ apart from the terminal


def test_colour_is_for_terminals_and_those_who_force_it(here):
    terminal = {"TERM": "xterm-256color", "FORCE_COLOR": "", "NO_COLOR": ""}
    ended = run_apart(["query", "reward model"], here, **terminal)
    assert "\x1b" not in ended.out + ended.err
    forced = terminal | {"FORCE_COLOR": "1"}
    ended = run_apart(["query", "reward model"], here, **forced)
    assert "\x1b[1;31mreward\x1b[0m" in ended.out
    ended = run_apart(["query", "reward model", "--json"], here, **forced)
    assert "\x1b" not in ended.out + ended.err


def test_odd_signs_are_written_where_the_terminal_does_not_know_them(here):
    (here / "corpus/odd.md").write_text("# Roböt 🤖\n\nA robot — 机器人.\n", encoding="utf-8")
    plain = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict"}
    ended = run_apart(["query", "robot", "--update", "-k", "1"], here, **plain)
    assert ended.code == ExitCode.OK
    assert "Rob\\xf6t" in ended.out


def test_json_can_be_read_from_a_pipe(here):
    ended = run_apart(["query", "reward model", "--json", "--update"], here)
    assert [hit["rank"] for hit in json.loads(ended.out)] == [1, 2, 3, 4, 5]
