"""Notes named on the command line: by the number of a hit, from a list, by what was printed."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.cli.conftest import ROOT, start

ANY_LIST = "notesearch/last-lists/*.json"


def lists(here: Path) -> list[Path]:
    return sorted((here / "state-of-the-user").glob(ANY_LIST))


def titles(out: str) -> list[str]:
    return [line[4:].split("  ")[0] for line in out.splitlines() if line[:4].strip().isdigit()]


def test_number_means_the_hit_of_the_last_question(here, run):
    hits = titles(run("query", "reward policy", "-k", "3").out)
    for number, title in enumerate(hits, start=1):
        ended = run("show", str(number))
        assert ended.code == ExitCode.OK
        assert ended.out.splitlines()[0] == title
    assert ended.err.startswith('3 of the hits of "reward policy": ')


def test_number_is_opened_at_the_passage(here, run, monkeypatch):
    (here / "editor").write_text('#!/bin/sh\necho "$@" > called\n', encoding="utf-8")
    (here / "editor").chmod(0o755)
    monkeypatch.setenv("VISUAL", str(here / "editor"))
    run("query", "tag:dpo")
    assert run("show", "1", "--open").code == ExitCode.OK
    assert Path("called").read_text(encoding="utf-8") == f"{here}/corpus/rl/dpo.md\n"
    monkeypatch.setenv("VISUAL", f"{here}/vim")
    (here / "editor").rename(here / "vim")
    assert run("show", "1", "--open").code == ExitCode.OK
    assert Path("called").read_text(encoding="utf-8") == f"+8 {here}/corpus/rl/dpo.md\n"
    assert run("show", "rl/dpo.md:10", "--open").code == ExitCode.OK
    assert Path("called").read_text(encoding="utf-8") == f"+10 {here}/corpus/rl/dpo.md\n"


def test_numbers_are_those_of_the_list_that_was_shown_last(here, run):
    run("query", "reward policy")
    like = titles(run("similar", "1").out)
    ended = run("show", "2")
    assert ended.out.splitlines()[0] == like[1]
    assert ended.err.startswith("2 of the notes like rl/")
    run("query", "image", "--json")  # for a program, which shows no numbers
    assert run("show", "2").err == ended.err


def test_number_goes_to_the_index_of_the_question_from_any_folder(here, run, tmp_path, monkeypatch):
    run("query", "reward policy")
    first = run("show", "1").out
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert run("show", "1").out == first
    ended = run("show", "1", "--index", "other")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert "leave out --index, or give the note's name" in ended.err


def test_number_that_no_hit_has_says_how_many_there_are(here, run):
    run("query", "reward policy", "-k", "2")
    assert run("show", "7").err == (
        'notesearch: no note is called 7, and the hits of "reward policy" end at 2; '
        "give another name\n"
    )
    assert run("query", "tag:rl before:1990").code == ExitCode.NOTHING_RELEVANT
    assert "are none; give another name" in run("show", "1").err


def test_note_that_is_called_like_a_number_is_found_by_it(here, run):
    (here / "corpus/1984.md").write_text("# Orwell\n\nA policy.\n", encoding="utf-8")
    run("index")
    run("query", "reward policy")
    assert run("show", "1984").out.splitlines()[0] == "Orwell"


def test_passage_that_was_edited_since_is_found_by_its_place(here, run):
    run("query", "tag:dpo")
    file = here / "corpus/rl/dpo.md"
    file.write_text(file.read_text(encoding="utf-8").replace("implied", "given"), encoding="utf-8")
    run("index")
    assert "is given by the policy" in run("show", "1").out
    file.rename(here / "corpus/vision/dpo.md")
    run("index")
    ended = run("show", "1")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.splitlines()[-1] == (
        'notesearch: rl/dpo.md, 1 of the hits of "tag:dpo", is not in index any more; ask again'
    )


# ------------------------------------------------------------ a list to choose from


def test_name_of_several_notes_lists_them_with_numbers(here, run):
    ended = run("show", "survey")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err == (
        " 1  A Survey\n    speech/survey.md\n 2  A Survey\n    vision/survey.md\n"
        "notesearch: survey means 2 notes; choose one by its number, as in: notesearch show 1\n"
    )
    ended = run("show", "2")
    assert "id       vision/survey.md" in ended.out
    assert ended.err == '2 of the notes for "survey": vision/survey.md:1\n'


def test_unknown_name_lists_the_nearest_with_numbers(here, run):
    ended = run("similar", "proximate", "policy", "optimisation")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.splitlines()[:2] == [" 1  Proximal Policy Optimization", "    rl/ppo.md"]
    assert ended.err.splitlines()[-1] == (
        "notesearch: no note is called proximate policy optimisation; these have the nearest "
        "names; choose one by its number, as in: notesearch similar 1"
    )
    assert run("show", "1").out.splitlines()[0] == "Proximal Policy Optimization"


def test_long_list_is_cut_and_says_so(here, run):
    for number in range(30):
        text = f"# Robot {number:02}\n\nWords.\n"
        (here / f"corpus/part-{number:02}.md").write_text(text, encoding="utf-8")
    run("index")
    ended = run("show", "robot")
    assert ended.err.count("Robot") == 20
    assert "robot means 30 notes, the first 20 above; choose one by" in ended.err


def test_words_need_no_quotes(here, run):
    assert run("show", "direct", "preference").out.startswith("Direct Preference Optimization\n")
    (here / "corpus/with space.md").write_text("# Space\n\nWords.\n", encoding="utf-8")
    run("index")
    assert run("show", "corpus/with", "space.md:1").out.startswith("Space\n")
    assert run("show", " ").code == ExitCode.USAGE


# ------------------------------------------------------------ in one of several indexes


@pytest.fixture
def work(here, run) -> Path:
    """A second index, which is called `work`; the one that is made here is called `corpus`."""
    assert run("index").code == ExitCode.OK
    folder = here / "job"
    folder.mkdir()
    (folder / "robot.md").write_text("# Robot\n\nA reward for a robot.\n", encoding="utf-8")
    (folder / "week.md").write_text("# Robot of the week\n\nA policy.\n", encoding="utf-8")
    assert run("index", str(folder), "--name", "work").code == ExitCode.OK
    return folder


def test_number_of_a_hit_of_several_indexes_opens_the_one_that_has_it(here, run, work, monkeypatch):
    hits = run("query", "reward", "-i", "work,corpus")
    places = [line.split()[0] for line in hits.out.splitlines() if line.startswith("    ")]
    shown = [place for place in places if place.startswith(("work:", "corpus:"))]
    assert {place.partition(":")[0] for place in shown} == {"work", "corpus"}
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    for number, title in enumerate(titles(hits.out), start=1):
        for options in ([], ["-i", "all"]):
            ended = run("show", str(number), *options)
            assert (ended.code, ended.out.splitlines()[0]) == (ExitCode.OK, title)
            place = shown[number - 1].rpartition("-")[0] or shown[number - 1]
            assert ended.err == f'{number} of the hits of "reward": {place}\n'
    assert run("similar", str(shown.index("work:robot.md:1-3") + 1), "--paths").out == "week.md\n"


def test_number_goes_to_the_index_with_the_settings_it_was_made_with(here, run, work, monkeypatch):
    """Those of the folder where a person stands may name another model or other notes."""
    run("query", "robot", "-i", "work", "-k", "1")
    (here / "elsewhere").mkdir()
    (here / "elsewhere/notesearch.yaml").write_text("corpus: .\n", encoding="utf-8")
    monkeypatch.chdir(here / "elsewhere")
    (here / "editor").write_text('#!/bin/sh\necho "$@" > called\n', encoding="utf-8")
    (here / "editor").chmod(0o755)
    monkeypatch.setenv("VISUAL", str(here / "editor"))
    assert run("show", "1", "--open").code == ExitCode.OK
    assert Path("called").read_text(encoding="utf-8") == f"{work}/robot.md\n"
    ended = run("show", "1", "-i", "corpus")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.endswith("not of corpus; leave out --index, or give the note's name\n")


def test_printed_place_of_a_hit_of_several_indexes_is_taken(run, work):
    assert run("show", "work:robot.md:1-3").out.startswith("Robot\n")
    assert run("show", "work:the", "week").out.startswith("Robot of the week\n")
    assert run("show", "work:").err == (
        "notesearch: name a note, as in: notesearch show alignment/dpo.md\n"
    )


def test_list_of_an_index_that_was_named_names_it_and_its_numbers_lead_there(run, work):
    ended = run("show", "work:robo")
    assert ended.err == (
        " 1  Robot\n    work:robot.md\n 2  Robot of the week\n    work:week.md\n"
        "notesearch: work:robo means 2 notes; choose one by its number, as in: notesearch show 1\n"
    )
    ended = run("show", "2")
    assert ended.out.startswith("Robot of the week\n")
    assert run("show", "work:zzzz").err == (
        "notesearch: no note is called work:zzzz; to list them, run: notesearch notes -i work\n"
    )


# ------------------------------------------------------------ how the list is kept


def test_list_is_kept_for_its_owner_alone(here, run):
    before = os.umask(0)
    run("query", "reward policy")
    os.umask(before)
    (file,) = lists(here)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in file.parents[:2]} == {0o700}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"index": 1, "what": 2, "notes": 3}',
        b'{"index": "i", "what": "w", "notes": [[1]]}',
        b'{"index": "i", "what": "w", "notes": [["x", "a", "b", 1]]}',
    ],
)
def test_damaged_list_is_none(here, run, content):
    run("query", "reward policy")
    (file,) = lists(here)
    file.write_bytes(content)
    ended = run("show", "1")
    assert ended.code == ExitCode.USAGE
    assert "no note is called 1, and no question was asked before" in ended.err
    assert run("query", "reward policy").code == ExitCode.OK
    assert run("show", "1").code == ExitCode.OK


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop"])
def test_what_is_no_file_is_not_waited_for(here, run, kind):
    run("query", "reward policy")
    (file,) = lists(here)
    file.unlink()
    {"pipe": lambda: os.mkfifo(file), "folder": file.mkdir, "loop": lambda: file.symlink_to(file)}[
        kind
    ]()
    assert run("show", "1").code == ExitCode.USAGE
    ended = run("query", "reward policy")
    assert (ended.code, ended.err) == (ExitCode.OK, "")


def test_question_is_answered_where_nothing_can_be_kept(here, run, monkeypatch):
    Path("state-of-the-user").write_text("a file", encoding="utf-8")
    ended = run("query", "reward policy")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert run("show", "1").code == ExitCode.USAGE
    assert run("show", "survey").err.endswith("survey means 2 notes; choose one by its path\n")
    monkeypatch.setenv("HOME", "nowhere")
    monkeypatch.setenv("XDG_STATE_HOME", "")
    assert run("query", "reward policy").code == ExitCode.OK


def test_what_a_list_says_does_nothing_to_a_terminal(here, run):
    run("query", "reward policy")
    (file,) = lists(here)
    entry = json.loads(file.read_text(encoding="utf-8"))
    entry["what"] = "\x1b[2Jthe hits"
    file.write_text(json.dumps(entry), encoding="utf-8")
    assert "\x1b" not in run("show", "1").err


def test_each_terminal_has_numbers_of_its_own(here):
    ends = [pty.openpty() for _ in range(3)]
    try:
        first, second, third = (end for _, end in ends)
        hit = ask(here, first, "query", "reward model", "-k", "1")
        other = ask(here, second, "query", "image patches", "-k", "1")
        assert titles(hit) == ["Proximal Policy Optimization"]
        assert titles(other) == ["An Image is Worth 16x16 Words"]
        assert ask(here, first, "show", "1").startswith("Proximal Policy Optimization\n")
        assert ask(here, second, "show", "1").startswith("An Image is Worth 16x16 Words\n")
        # One where nothing was asked yet takes the last of any.
        assert ask(here, third, "show", "1").startswith("An Image is Worth 16x16 Words\n")
        assert len(lists(here)) == 2
    finally:
        for pair in ends:
            for end in pair:
                os.close(end)


def ask(here: Path, terminal: int, *arguments: str) -> str:
    """Return what a command writes whose standard input is a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "tests.word_model", *arguments],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout


def test_several_that_ask_at_once_leave_one_whole_list(here, run):
    asking = [start("query", "reward policy", "-k", str(k), cwd=here) for k in (1, 2, 3, 2)]
    for process in asking:
        process.communicate(timeout=300)
    (folder,) = {file.parent for file in lists(here)}
    assert [file.suffix for file in folder.iterdir()] == [".json"]
    assert run("show", "1").code == ExitCode.OK
