"""README.md and the pages of docs/ do what they say: commands, tables, links and the picture."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from html import unescape
from pathlib import Path

import pytest
import typer

from notesearch import cli
from notesearch.cli.output import MEANING, ExitCode
from notesearch.corpus import decode, document, reader
from notesearch.corpus.reading_rules import SPLITS, ReadingRule
from notesearch.corpus.walk import NOTE_SUFFIXES
from notesearch.editors import EDITORS
from notesearch.evaluation.judged import read_queries
from notesearch.query.parser import parse_query
from notesearch.records import Hit, Role
from notesearch.regular_files import MAX_FILE_BYTES
from notesearch.saved_questions import read_questions
from notesearch.settings import FROM_ENVIRONMENT, KEYS, Settings, load_settings

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = PAGES["README.md"]
COMMANDS_PAGE = PAGES["docs/commands.md"]
SETTINGS_PAGE = PAGES["docs/settings.md"]
READING_PAGE = PAGES["docs/reading.md"]
QUERY_LANGUAGE_PAGE = PAGES["docs/query-language.md"]
PICTURE = (ROOT / "docs/answer.svg").read_text(encoding="utf-8")
LINKING = (*PAGES, "CONTRIBUTING.md", "index/README.md", "notesearch/embedding/shipped/README.md")

GROUP = typer.main.get_command(cli.load_commands())
COMMANDS = GROUP.commands
GLOBAL_OPTIONS = {option for param in GROUP.params for option in param.opts} | {"--help"}
OPTIONS = {
    name: {option for param in command.params for option in param.opts + param.secondary_opts}
    for name, command in COMMANDS.items()
}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


# They go on until they are stopped, and have tests of their own.
ENDLESS = {"serve", "watch", "mcp"}


def shown_commands(page: str) -> list[str]:
    """Every `notesearch …` of a page: in code blocks, in tables, in prose."""
    lines = [line.strip().removeprefix("$ ") for line in page.splitlines()]
    from_blocks = [line.split("#")[0].strip() for line in lines if line.startswith("notesearch ")]
    from_chains = [line.rpartition("/bin/")[2] for line in lines if " && .venv/" in line]
    spans = [" ".join(span.split()) for span in re.findall(r"`(notesearch\s[^`]+)`", page)]
    return [*from_blocks, *(c for c in from_chains if c.startswith("notesearch")), *spans]


FIRST_HOUR = "docs/first-hour.md"  # recorded, with slips
SHOWN = [
    (page, command)
    for page, text in PAGES.items()
    if page != FIRST_HOUR
    for command in shown_commands(text)
]


@pytest.mark.parametrize(("page", "command"), SHOWN)
def test_command_is_there_with_its_options(page, command):
    words = shlex.split(command.replace("[", "").replace("]", ""))
    if words[1].startswith("--"):
        assert words[1] in GLOBAL_OPTIONS
        return
    assert words[1] in COMMANDS
    given = {word for word in words[2:] if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert given <= OPTIONS[words[1]]


def test_there_are_commands_to_look_at():
    assert sum(page == "README.md" for page, _ in SHOWN) > 8
    assert len(SHOWN) > 30


def test_commands_for_the_own_notes_run_one_after_the_other(
    tmp_path, monkeypatch, capsys, word_model
):
    home = tmp_path / "home"
    shutil.copytree(ROOT / "corpus", home / "notes")
    shutil.copytree(ROOT / "corpus/alignment", home / "work")
    monkeypatch.setenv("HOME", str(home))
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    section = README.partition("\n## Your own notes\n")[2].partition("\n## ")[0]
    shown = shown_commands(section.partition("\n`notesearch index")[0])
    assert len(shown) == section.count("\n    notesearch ") > 8
    ended = {}
    for number, command in enumerate(shown):
        folder = tmp_path / str(number)  # from any folder
        folder.mkdir()
        monkeypatch.chdir(folder)
        words = [
            str(home / word[2:]) if word[:2] == "~/" else word for word in shlex.split(command)
        ]
        if words[1] in ENDLESS:
            continue
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            cli.main()
        ended[command] = int(end.value.code or 0)
        assert not list(folder.iterdir())
    assert ended.pop("notesearch ask") == ExitCode.USAGE  # for want of a terminal
    assert set(ended.values()) == {ExitCode.OK}, (ended, capsys.readouterr().err)


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_is_named_is_an_option(page):
    named = set(re.findall(r"`(--[a-z-]+)", PAGES[page]))
    assert named <= set().union(*OPTIONS.values()) | GLOBAL_OPTIONS


def test_every_command_is_in_the_table():
    table = set(re.findall(r"^\| `notesearch ([\w-]+)", COMMANDS_PAGE, re.M))
    assert table == {name for name, command in COMMANDS.items() if not command.hidden}


def test_commands_without_settings_or_index_are_those_that_are_named():
    named = re.search(r"Every command but ([^.]+?) takes\s`--config FILE`", COMMANDS_PAGE)
    assert named is not None
    without = {name for name in COMMANDS if "--config" not in OPTIONS[name]}
    assert set(re.findall(r"`(\w+)`", named[1])) == without
    assert {name for name in COMMANDS if "-i" not in OPTIONS[name]} == without | {"parse", "move"}


def test_exit_codes_are_those_of_the_program():
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", COMMANDS_PAGE, re.M)
    assert rows == [(str(code.value), meaning) for code, meaning in MEANING.items()]


def test_settings_are_those_of_the_program_with_their_defaults():
    rows = re.findall(r"^\| (`[a-z_`, ]+`)( \*)? \| (.+?) \|", SETTINGS_PAGE, re.M)
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


def test_editors_that_are_named_are_known():
    (row,) = re.findall(r"^\| `editor` \|[^|]+\|(.+)\|$", SETTINGS_PAGE, re.M)
    assert set(re.findall(r"`([a-z]+)`", row)) <= set(EDITORS)


def test_fields_of_a_hit_are_those_of_the_program():
    shown = re.search(r"`(rank, score[^`]*)`", COMMANDS_PAGE)
    assert shown is not None
    assert shown[1].replace("\n", " ").split(", ") == [field.name for field in fields(Hit)]


@pytest.mark.parametrize("page", [SETTINGS_PAGE, READING_PAGE], ids=["settings", "reading"])
def test_settings_example_loads(page, tmp_path):
    (example,) = blocks(page, "yaml")
    (tmp_path / "notesearch.yaml").write_text(example, encoding="utf-8")
    settings = load_settings(tmp_path / "notesearch.yaml", {})
    assert [rule.files for rule in settings.reading] == ["digests/*.md", "clippings/*.txt"]
    assert [rule.level for rule in settings.reading] == [4, None]


def test_parts_of_a_reading_rule_are_those_of_the_program():
    (example,) = blocks(READING_PAGE, "yaml")
    named = set(re.findall(r"^ {2}[- ] (\w+):", example, re.M))
    assert named == {entry.name for entry in fields(ReadingRule)} - {"level"}
    rows = re.findall(r"^\| (`.+?) \| (?!the notes)", READING_PAGE, re.M)
    splits = {split for row in rows for split in re.findall(r"`([^`]+)`", row)}
    assert splits - {"heading 1", "heading 6"} == set(SPLITS)


def test_files_and_limits_are_those_of_the_reading():
    suffixes = re.search(r"Files `([^`]+)`", READING_PAGE)
    assert suffixes is not None
    assert set(suffixes[1].split()) == NOTE_SUFFIXES
    limits = " ".join(READING_PAGE.partition("## Limits")[2].split())
    assert f"Files over {MAX_FILE_BYTES / 1e6:.0f} MB or {decode.MAX_LINES:,} lines" in limits
    assert decode.MAX_LINE_CHARS == 1_000_000
    assert "a line over a million characters" in limits
    assert f"more than {document.MAX_BLOCKS_PER_MB:,} headings, paragraphs and items" in limits
    assert f"{reader._MAX_NOTES_PER_MB:,} notes a megabyte" in limits


def test_questions_of_the_example_are_read(tmp_path):
    names = ("questions.jsonl", "graded.jsonl")
    for name, example in zip(names, blocks(PAGES["docs/how-it-answers.md"], "json"), strict=True):
        (tmp_path / name).write_text(example, encoding="utf-8")
    queries = read_queries(*(tmp_path / name for name in names))
    assert [query.lines for query in queries] == [((11, 11), (14, 18)), ((27, 27),)]
    assert [passage.lines for passage in queries[0].passages] == [(14, 18)]
    assert all((ROOT / "corpus" / path).is_file() for one in queries for path in one.relevant)


def test_every_example_of_the_query_language_is_read():
    rows = [line.split("|")[1] for line in QUERY_LANGUAGE_PAGE.splitlines() if line[:3] == "| `"]
    examples = [span for row in rows for span in re.findall(r"`([^`]+)`", row)]
    assert len(examples) > 15
    for example in examples:
        line = example if example.count(":") or '"' in example else f"{example}x"
        assert parse_query(line if not line.endswith(":") else f"{line}2025")


def test_section_roles_are_those_of_the_program():
    named = re.search(r"Section roles:\s([^.]+)\.", QUERY_LANGUAGE_PAGE)
    assert named is not None
    assert set(re.split(r",\s", " ".join(named[1].split()))) == {role.value for role in Role}


def anchors(path: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKING)
def test_links_lead_to_files_and_headings_that_are_there(page):
    here = ROOT / page
    targets = re.findall(r"\]\(([^()\s]+)\)", here.read_text(encoding="utf-8"))
    for target in targets:
        if target.startswith("https://"):
            continue
        file, _, heading = target.partition("#")
        path = (here.parent / file).resolve() if file else here
        assert path.is_file(), target
        assert path.is_relative_to(ROOT)
        assert not heading or heading in anchors(path), target


def test_readme_leads_to_every_page_at_once_or_over_another_one():
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)\)", README))
    linked |= {f"docs/{name}" for name in re.findall(r"\]\(([\w-]+\.md)\)", COMMANDS_PAGE)}
    assert linked == set(PAGES) - {"README.md"}


@pytest.mark.slow
def test_answer_is_what_the_program_writes(shipped_index):
    examples = [text for text in blocks(COMMANDS_PAGE, "") if text.startswith("$ notesearch")]
    commands = [example.split()[2] for example in examples]
    assert commands == ["query", "quote", "compare", "suggest-links"]
    for example in examples:
        command, _, shown = example.partition("\n")
        arguments = shlex.split(command.removeprefix("$ notesearch "))
        assert run_python("-m", "notesearch", *arguments, "--index", str(shipped_index)) == shown


@pytest.mark.slow
def test_picture_is_what_the_program_writes(shipped_index):
    assert run_python("docs/draw_answer.py", "--index", str(shipped_index)) == PICTURE


@pytest.mark.slow
def test_first_hour_is_what_a_terminal_shows():
    assert run_python("docs/first_hour.py") == PAGES[FIRST_HOUR]


def test_picture_shows_the_answer_of_the_commands_page_and_loads_nothing():
    drawn: dict[str, str] = {}
    for y, text in re.findall(r'<text [^>]*y="(\d+)"[^>]*>([^<]*)</text>', PICTURE):
        drawn[y] = drawn.get(y, "") + "".join(unescape(text).split())
    example, *_ = (text for text in blocks(COMMANDS_PAGE, "") if text.startswith("$ notesearch"))
    assert list(drawn.values()) == ["".join(line.split()) for line in example.splitlines() if line]
    assert not re.search(r"url\(|href|src|@import|@font-face|<image|<script", PICTURE)


def run_python(*arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        # Not the process's own, in which readline, that pytest loads, has set COLUMNS.
        env={**os.environ},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return ended.stdout


def test_news_and_queue_are_as_their_page_shows_them(here, monkeypatch, capsys):
    shutil.rmtree("corpus")
    shutil.rmtree("index")
    shutil.copytree(ROOT / "corpus", "corpus")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here / "config"))

    def run(command):
        monkeypatch.setattr(sys, "argv", shlex.split(command))
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code in (None, ExitCode.OK), capsys.readouterr().err
        return re.sub(r"^since \S+ \S+:", "since 2026-11-29 09:12:", capsys.readouterr().out)

    run("notesearch index")
    with Path("corpus/alignment/dpo.md").open("a", encoding="utf-8") as file:
        file.write(
            "\n## What I'm trying next\n\n"
            "- [ ] Rerun the sentiment task with a penalty on the length.\n"
            "- Compare with [Sleeper Agents: Training Deceptive LLMs that Persist]"
            "(https://arxiv.org/abs/2401.05566).\n"
        )
    Path("corpus/alignment/sandbagging.md").write_text(
        "# Sandbagging\n\nA policy trained on a flawed reward finds the flaw: reward hacking.\n",
        encoding="utf-8",
    )
    shown = re.findall(r"^```\n(\$ .*?)^```", PAGES["docs/whats-new.md"], re.M | re.S)
    assert len(shown) == 2
    for block in shown:
        commands = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.M)
        for command, expected in commands:
            written = run(command)
            assert written == expected or not expected, written


def test_saved_questions_of_the_page_are_read(tmp_path):
    (example,) = blocks(PAGES["docs/whats-new.md"], "yaml")
    (tmp_path / "saved-questions.yaml").write_text(example, encoding="utf-8")
    assert list(read_questions(tmp_path / "saved-questions.yaml")) == ["rh", "limits"]
