"""`notesearch show --open`: a note's file in the person's editor, and nothing else in anything."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.index.faults import alter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="programs of POSIX systems")

DPO = "rl/dpo.md"


@pytest.fixture
def programs(here, monkeypatch):
    """A folder of programs, the first that are looked for; no editor is set."""
    folder = here / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    return folder


def put_program(folder: Path, name: str, code: int = 0) -> None:
    """Put a program into a folder that writes down its arguments."""
    text = (
        f"#!{sys.executable}\n"
        "import json, sys\n"
        f"json.dump([{name!r}, *sys.argv[1:]], open({str(folder / 'called')!r}, 'w'))\n"
        f"sys.exit({code})\n"
    )
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)


def called(folder: Path) -> list[str] | None:
    file = folder / "called"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


@pytest.mark.parametrize(
    ("editor", "arguments"),
    [
        ("vim", ["+1", "FILE"]),
        ("nano -l", ["-l", "+1", "FILE"]),
        ("emacsclient -t", ["-t", "+1", "FILE"]),
        ("code --wait", ["--wait", "--goto", "FILE:1"]),
        ("subl", ["FILE:1"]),
        ("'an editor' 'of mine'", ["of mine", "FILE"]),
    ],
)
def test_editor_gets_the_file_at_its_line(here, run, programs, monkeypatch, editor, arguments):
    put_program(programs, shlex.split(editor)[0])
    monkeypatch.setenv("EDITOR", editor)
    ended = run("show", DPO, "--open")
    assert (ended.code, ended.out, ended.err) == (ExitCode.OK, "", "")
    file = str(here / "corpus" / DPO)
    expected = [argument.replace("FILE", file) for argument in arguments]
    assert called(programs) == [shlex.split(editor)[0], *expected]


def test_passage_is_opened_at_its_own_line(here, run, programs, monkeypatch):
    put_program(programs, "vi")
    monkeypatch.setenv("EDITOR", "vi")
    (hit,) = json.loads(run("query", "--tag", "dpo", "--json").out)
    assert run("show", hit["passage_id"], "--open").code == ExitCode.OK
    assert called(programs) == ["vi", "+8", str(here / "corpus" / DPO)]


def test_visual_comes_before_editor_and_the_opener_last(here, run, programs, monkeypatch):
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    for name in ("first", "second", opener):
        put_program(programs, name)
    monkeypatch.setenv("VISUAL", "first")
    monkeypatch.setenv("EDITOR", "second")
    for variable, name in (("VISUAL", "first"), ("EDITOR", "second"), ("TERM", opener)):
        assert run("show", DPO, "--open").code == ExitCode.OK
        assert called(programs) == [name, str(here / "corpus" / DPO)]
        monkeypatch.setenv(variable, "")


def test_editor_of_the_settings_comes_first(here, run, programs, monkeypatch, tmp_path):
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    for name in ("mine", "zed", opener):
        put_program(programs, name)
    monkeypatch.setenv("EDITOR", "mine")
    settings = tmp_path / "mine.yaml"
    file = str(here / "corpus" / DPO)
    settings.write_text("corpus: corpus\nindex: index\neditor: zed\n", encoding="utf-8")
    options = ("--config", str(settings), "--index", "index")
    assert run("show", DPO, "--open", *options).code == ExitCode.OK
    assert called(programs) == ["zed", f"{file}:1"]
    settings.write_text("editor: obsidian\n", encoding="utf-8")
    assert run("show", DPO, "--open", *options).code == ExitCode.OK
    assert called(programs) == [opener, f"obsidian://open?path={file}"]
    settings.write_text("editor: kak\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(programs))
    ended = run("show", DPO, "--open", *options)
    assert ended.code == ExitCode.USAGE
    assert ended.err == (
        "notesearch: kak (editor of the settings) is not there; "
        "set editor to an editor that is there\n"
    )


def test_folder_of_a_stranger_chooses_no_editor(here, run, programs, monkeypatch):
    for name in ("evil", "nano", "mine"):
        put_program(programs, name)
    monkeypatch.setenv("EDITOR", "mine")
    for text in ("editor: evil", "editor: [sh, -c, touch gone]"):
        Path("notesearch.yaml").write_text(f"{text}\n", encoding="utf-8")
        assert run("show", DPO, "--open").code == ExitCode.USAGE
        assert called(programs) is None
    Path("notesearch.yaml").write_text("editor: nano\n", encoding="utf-8")
    ended = run("show", DPO, "--open")
    assert "left out editor" in ended.err
    assert called(programs) == ["mine", str(here / "corpus" / DPO)]


@pytest.mark.parametrize(
    ("editor", "message"),
    [
        ("nonesuch -x", "nonesuch ($EDITOR) is not there; set EDITOR to an editor that is there"),
        ("fails", "fails ($EDITOR) ended with exit code 3; the file is "),
        ("'vim", "$EDITOR cannot be read: No closing quotation; write it as for a shell"),
        ("broken", "broken ($EDITOR) cannot be started: "),
    ],
)
def test_failure_of_the_editor_is_an_error(here, run, programs, monkeypatch, editor, message):
    put_program(programs, "fails", code=3)
    (programs / "broken").write_text("#!/nonesuch/interpreter\n", encoding="utf-8")
    (programs / "broken").chmod(0o755)
    monkeypatch.setenv("EDITOR", editor)
    ended = run("show", DPO, "--open")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.startswith(f"notesearch: {message}")
    assert ended.err.count("\n") == 1


def test_no_editor_and_no_opener_is_an_error(here, run, monkeypatch):
    for name, value in (("VISUAL", ""), ("EDITOR", ""), ("PATH", str(here))):
        monkeypatch.setenv(name, value)
    ended = run("show", DPO, "--open")
    assert ended.code == ExitCode.USAGE
    assert ended.err.endswith(" is not there; set EDITOR to an editor that is there\n")


def test_program_of_the_working_folder_is_not_run(here, run, monkeypatch):
    put_program(here, "vim")
    monkeypatch.setenv("EDITOR", "vim")
    for path in (os.pathsep, f".{os.pathsep}{os.environ['PATH']}"):
        monkeypatch.setenv("PATH", path)
        assert run("show", DPO, "--open").code == ExitCode.USAGE
        assert called(here) is None
    monkeypatch.setenv("EDITOR", "./vim")  # the person's own word
    assert run("show", DPO, "--open").code == ExitCode.OK
    assert called(here) is not None


# ------------------------------------------------------------ what is opened


def refusal(run, programs: Path, name: str) -> str:
    """What is said instead of opening a note; nothing is opened."""
    ended = run("show", name, "--open")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert called(programs) is None
    return ended.err


@pytest.fixture
def editor(programs, monkeypatch):
    put_program(programs, "vim")
    monkeypatch.setenv("EDITOR", "vim")
    return programs


def test_file_that_is_gone_is_an_error_with_the_way_on(here, run, editor):
    (here / "corpus" / DPO).unlink()
    assert refusal(run, editor, DPO) == (
        f"notesearch: {here}/corpus/{DPO} is not there any more; run: notesearch index\n"
    )


def test_link_out_of_the_corpus_is_not_opened(here, run, editor):
    (here / "secret.md").write_text("# Secret\n", encoding="utf-8")
    (here / "corpus" / DPO).unlink()
    (here / "corpus" / DPO).symlink_to(here / "secret.md")
    assert "leads out of the corpus" in refusal(run, editor, DPO)


def test_link_inside_the_corpus_opens_what_is_a_note_alone(here, run, editor):
    (here / "corpus/run.desktop").write_text("[Desktop Entry]\n", encoding="utf-8")
    (here / "corpus" / DPO).unlink()
    (here / "corpus" / DPO).symlink_to(here / "corpus/run.desktop")
    assert "is no note file; it is not opened" in refusal(run, editor, DPO)
    (here / "corpus" / DPO).unlink()
    (here / "corpus" / DPO).symlink_to(here / "corpus/rl/ppo.md")
    assert run("show", DPO, "--open").code == ExitCode.OK
    assert called(editor) == ["vim", "+1", str(here / "corpus/rl/ppo.md")]


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop"])
def test_what_is_no_regular_file_is_not_opened(here, run, editor, kind):
    file = here / "corpus" / DPO
    file.unlink()
    {"folder": file.mkdir, "pipe": lambda: os.mkfifo(file), "loop": lambda: file.symlink_to(file)}[
        kind
    ]()
    assert refusal(run, editor, DPO).count("\n") == 1


@pytest.mark.parametrize("path", ["../secret.md", "/etc/hostname", "../programs/vim", "a\0.md"])
def test_path_that_an_index_from_elsewhere_names_is_not_opened(here, run, editor, path):
    (here / "secret.md").write_text("# Secret\n", encoding="utf-8")
    other = f"cast(x'{path.encode().hex()}' AS TEXT)"
    alter(Path("index"), f"UPDATE files SET path = {other} WHERE path = '{DPO}'")
    refusal(run, editor, "Direct Preference Optimization")


def test_name_that_begins_like_an_option_is_a_file(here, run, editor):
    (here / "corpus/-c:quit.md").write_text("# Minus\n\nWords.\n", encoding="utf-8")
    run("index")
    assert run("show", "Minus", "--open").code == ExitCode.OK
    assert called(editor) == ["vim", "+1", str(here / "corpus/-c:quit.md")]
