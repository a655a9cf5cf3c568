"""The README does what it says: its code runs, its commands and options are there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import warnings
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from notesearch import cli
from notesearch.cli.output import MEANING
from notesearch.evaluation.judged import read_queries
from notesearch.query.parser import parse_query
from notesearch.records import Hit
from notesearch.settings import FROM_ENVIRONMENT, KEYS, Settings, load_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GROUP = typer.main.get_command(cli.app)
COMMANDS = GROUP.commands
GLOBAL_OPTIONS = {option for param in GROUP.params for option in param.opts} | {"--help"}
OPTIONS = {
    name: {option for param in command.params for option in param.opts + param.secondary_opts}
    for name, command in COMMANDS.items()
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def shown_commands() -> list[str]:
    """Every `notesearch …` of the README: in code blocks, in tables, in prose."""
    lines = [line.strip() for line in README.splitlines()]
    from_blocks = [line.split("#")[0].strip() for line in lines if line.startswith("notesearch ")]
    from_chains = [line.rpartition("/bin/")[2] for line in lines if " && .venv/" in line]
    spans = re.findall(r"`(notesearch [^`]+)`", README)
    return [*from_blocks, *(c for c in from_chains if c.startswith("notesearch")), *spans]


@pytest.mark.parametrize("command", shown_commands())
def test_command_is_there_with_its_options(command):
    words = shlex.split(command.replace("[", "").replace("]", ""))
    if words[1].startswith("--"):
        assert words[1] in GLOBAL_OPTIONS
        return
    assert words[1] in COMMANDS
    given = {word for word in words[2:] if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert given <= OPTIONS[words[1]]


def test_there_are_commands_to_look_at():
    assert len(shown_commands()) > 8


def test_every_option_that_is_named_is_an_option():
    named = set(re.findall(r"`(--[a-z-]+)", README))
    assert named <= set().union(*OPTIONS.values()) | GLOBAL_OPTIONS


def test_every_command_is_in_the_table():
    table = set(re.findall(r"^\| `notesearch (\w+)", README, re.M))
    assert table == {name for name, command in COMMANDS.items() if not command.hidden}


def test_exit_codes_are_those_of_the_program():
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", README, re.M)
    assert rows == [(str(code.value), meaning) for code, meaning in MEANING.items()]


def test_settings_are_those_of_the_program_with_their_defaults():
    section = README.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[a-z_`, ]+`)( \*)? \| (.+?) \|", section, re.M)
    named = [key for keys, _, _ in rows for key in re.findall(r"\w+", keys)]
    assert sorted(named) == sorted(KEYS)
    starred = [keys.strip("`") for keys, star, _ in rows if star]
    assert sorted(starred) == sorted(FROM_ENVIRONMENT)
    defaults = {keys.strip("`"): default.strip("`") for keys, _, default in rows}
    settings = Settings()
    model = settings.model
    expected = {
        "index": str(settings.index),
        "inline_tags": settings.inline_tags,
        "passage_tokens": str(settings.passage_tokens),
        "rerank_depth": str(settings.rerank_depth),
        "model": model.name,
        "device": model.device,
        "trust_remote_code": str(model.trust_remote_code).lower(),
    }
    assert {key: defaults[key] for key in expected} == expected


def test_fields_of_a_hit_are_those_of_the_program():
    shown = re.search(r"`(rank, score[^`]*)`", README)
    assert shown is not None
    assert shown[1].replace("\n", " ").split(", ") == [field.name for field in fields(Hit)]


def test_settings_example_loads(tmp_path):
    (example,) = blocks("yaml")
    (tmp_path / "notesearch.yaml").write_text(example, encoding="utf-8")
    settings = load_settings(tmp_path / "notesearch.yaml", {})
    assert settings.ignore == ("drafts/", "*.tmp.md")
    assert [rule.files for rule in settings.reading] == ["digests/*.md", "clippings/*.txt"]


def test_questions_of_the_example_are_read(tmp_path):
    names = ("questions.jsonl", "graded.jsonl")
    for name, example in zip(names, blocks("json"), strict=True):
        (tmp_path / name).write_text(example, encoding="utf-8")
    queries = read_queries(*(tmp_path / name for name in names))
    assert [query.lines for query in queries] == [((11, 11), (14, 18)), ((27, 27),)]
    assert [passage.lines for passage in queries[0].passages] == [(14, 18)]
    assert all((ROOT / "corpus" / path).is_file() for one in queries for path in one.relevant)


def test_every_example_of_the_query_language_is_read():
    table = README.partition("## The query language")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    examples = [span for row in rows for span in re.findall(r"`([^`]+)`", row)]
    assert len(examples) > 15
    for example in examples:
        line = example if example.count(":") or '"' in example else f"{example}x"
        assert parse_query(line if not line.endswith(":") else f"{line}2025")


@pytest.mark.parametrize("code", blocks("python"))
def test_code_runs_as_it_stands(code, tmp_path, monkeypatch, word_model, capsys):
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 5


@pytest.mark.slow
def test_example_shows_what_the_program_writes(shipped_index):
    (example,) = (block for block in blocks("") if block.startswith("$ notesearch query"))
    command, _, shown = example.partition("\n")
    arguments = shlex.split(command.removeprefix("$ notesearch "))
    ended = subprocess.run(
        [sys.executable, "-m", "notesearch", *arguments, "--index", str(shipped_index)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert ended.stdout == shown
