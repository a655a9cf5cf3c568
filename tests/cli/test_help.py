"""`--help`: examples for every command, the exit codes, and lines that fit."""

from __future__ import annotations

import pytest

from notesearch.cli import load_commands
from notesearch.cli.output import MEANING, ExitCode

COMMANDS = [
    command.name or command.callback.__name__ for command in load_commands().registered_commands
]
SHOWN = [name for name in COMMANDS if name != "reindex"]


@pytest.fixture(autouse=True)
def _narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")


def test_commands_are_those_that_scripts_rely_on():
    wanted = {"parse", "index", "reindex", "query", "tags", "notes", "show", "status", "check"}
    assert wanted | {"eval"} <= set(COMMANDS)


def test_help_of_the_whole_names_commands_and_exit_codes(run):
    ended = run("--help")
    assert ended.code == ExitCode.OK
    rows = [line.split() for line in ended.out.splitlines()]
    assert all(any(name in row[:2] for row in rows) for name in SHOWN)
    for code, meaning in MEANING.items():
        assert [str(code.value), *meaning.split()] in rows


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_ends_with_examples_line_by_line(run, name):
    ended = run(name, "-h")
    assert ended.code == ExitCode.OK
    before, _, examples = ended.out.partition("Examples:")
    assert before.lstrip().startswith(f"Usage: notesearch {name}")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    assert all(line.startswith(f"notesearch {name.replace('reindex', 'index')}") for line in lines)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_80_columns_and_has_every_option_on_its_line(run, name):
    out = run(name, "--help").out
    assert max(map(len, out.splitlines())) <= 80
    assert "…\n" not in out


def test_first_thing_said_about_the_commands_is_query(run):
    out = run("--help").out
    assert (
        out.index("  query ") < out.index("  notes ") < out.index("  index ") < out.index("  eval ")
    )


def test_no_command_shows_the_help(run):
    ended = run()
    assert ended.code == ExitCode.USAGE
    assert "Usage: notesearch" in ended.out + ended.err
