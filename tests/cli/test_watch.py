"""`notesearch watch` as a person or a service manager runs it."""

from __future__ import annotations

import os
import plistlib
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from notesearch import Index
from notesearch.cli.output import ExitCode
from notesearch.index.index_layout import IndexLayout
from notesearch.index.lock import holder_of
from tests.cli.conftest import start
from tests.conftest import NOTES
from tests.fakes import WordEmbedder
from tests.index.faults import holding_the_lock

FAR_S = 60.0


class Watching:
    """The command in a process of its own, and what it writes."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        self.process = start("watch", *arguments, cwd=folder, **more)
        self.lines: list[str] = []
        self._queue: Queue[str | None] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def until(self, words: str) -> str:
        """Wait for a line that holds these words."""
        while True:
            try:
                line = self._queue.get(timeout=FAR_S)
            except Empty:
                pytest.fail(f"no {words!r} in {self.lines}")
            assert line is not None, f"ended without {words!r}: {self.lines}"
            self.lines.append(line)
            if words in line:
                return line

    def end(self, number: int) -> tuple[int, list[str]]:
        """Send a signal; return the exit code, and the lines that were still written."""
        self.process.send_signal(number)
        code = self.process.wait(FAR_S)
        rest = []
        while (line := self._queue.get(timeout=FAR_S)) is not None:
            rest.append(line)
        return code, rest

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(FAR_S)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def watching(here: Path) -> Iterator[Watching]:
    watching = Watching(here)
    watching.until("in step: 5 passages of 5 notes; ")
    yield watching
    watching.close()


def write(path: str, text: str = "# Robot\n\nA robot.\n") -> None:
    Path(path).write_text(text, encoding="utf-8")


def test_a_line_is_written_for_each_change(watching, here, run):
    assert watching.lines[0] == f"watching {here}/corpus; Ctrl-C ends it"
    write("corpus/new.md")
    line = watching.until("new.md")
    time, words, rest = line[:8], *line[10:].split("; ")
    assert (time.count(":"), words) == (2, "added new.md")
    assert rest.endswith(" s")
    assert run("query", "robot", "--paths", "-k", "1").out == "new.md\n"
    Path("corpus/new.md").unlink()
    watching.until("  removed new.md; ")
    Path("corpus/vision").rename("corpus/sight")
    watching.until("  renamed sight/survey.md, sight/vit.md; ")


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGINT, ExitCode.INTERRUPTED, ["notesearch: interrupted"]),
        (signal.SIGTERM, ExitCode.OK, []),
    ],
)
def test_it_ends_in_order(watching, number, code, said):
    assert watching.end(number) == (code, said)


def test_end_in_an_update_leaves_the_index_whole(here):
    write("corpus/new.md")
    watching = Watching(here, SLOW_MODEL="1")
    try:
        while holder_of(IndexLayout(here / "index")) is None:
            assert watching.process.poll() is None
        assert watching.end(signal.SIGTERM)[0] == ExitCode.OK
    finally:
        watching.close()
    with Index.open(here / "index", WordEmbedder(name="notesearch-encoder")) as index:
        assert {note.path for note in index.notes()} == set(NOTES)
        assert index.update().added == ("new.md",)


def test_what_goes_wrong_is_a_line_and_ends_nothing(watching, here):
    Path("corpus").rename("away")
    watching.until("does not exist; name a folder of notes; trying again")
    Path("away").rename("corpus")
    watching.until("in step: 5 passages of 5 notes")
    with holding_the_lock(here / "index") as holder:
        write("corpus/new.md")
        watching.until(f"is being written by process {holder} since ")
    watching.until("  added new.md; ")
    Path("corpus/bad.md").write_bytes(b"\0" * 100)
    watching.until("bad.md, line 1: left out: ")
    write("corpus/new.md", "# Robot\n\nAnother one.\n")
    watching.until("  changed new.md; ")
    assert sum("bad.md" in line for line in watching.lines) == 1


def test_it_makes_the_default_index(here):
    shutil.rmtree("index")
    watching = Watching(here)
    watching.until("  added 5 files; ")
    assert watching.end(signal.SIGTERM)[0] == ExitCode.OK
    watching.close()
    with Index.open(here / "index", WordEmbedder(name="notesearch-encoder")) as index:
        assert len(index.notes()) == 5


def test_control_signs_in_the_name_of_a_file_reach_no_terminal(watching):
    write("corpus/esc\x1b[31m.md")
    assert "added esc\\x1b[31m.md; " in watching.until("esc")


def test_index_that_is_not_there_is_an_error(here, run):
    ended = run("watch", "-i", "nowhere")
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")
    assert ended.err.startswith("notesearch: nowhere holds no index")
    assert not Path("nowhere").exists()


def test_folder_that_was_never_there_is_an_error(here, run):
    shutil.rmtree("index")
    ended = run("watch", "--corpus", "nowhere")
    assert ended.code == ExitCode.USAGE
    assert ended.err.splitlines()[-1] == (
        "notesearch: corpus nowhere does not exist; name a folder of notes"
    )


def test_index_of_another_model_ends_with_the_error(here):
    watching = Watching(here, NOTESEARCH_MODEL="other")
    watching.until("holds vectors of notesearch-encoder-9, the settings ask for other-9")
    assert watching.process.wait(FAR_S) == ExitCode.MODEL
    watching.close()


# ------------------------------------------------------------ started by the system


def test_systemd_unit_starts_this_index_with_absolute_paths(here, run, tmp_path):
    ended = run("watch", "--print-service", "systemd")
    lines = ended.out.splitlines()
    assert f'ExecStart="{sys.executable}" "-m" "notesearch" "watch" "--index" "{here}/index"' in (
        lines
    )
    assert f"WorkingDirectory={Path.home()}" in lines  # this folder may go
    assert lines[-1] == "WantedBy=default.target"
    assert ended.err.startswith("save this as ~/.config/systemd/user/notesearch-")
    file = shlex.split(ended.err)[3].rstrip(",").rpartition("/")[2]
    verify(tmp_path / file, ended.out)


def verify(file: Path, unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        return
    file.write_text(unit, encoding="utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(file.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_systemd_would_read_otherwise_is_escaped(here, run, tmp_path, monkeypatch):
    odd = here / 'a 100% "$HOME" \\ folder'
    odd.mkdir()
    shutil.move("corpus", odd / "corpus")
    shutil.move("index", odd / "index")
    (odd / "notesearch.yaml").write_text("ignore: [x]\n", encoding="utf-8")
    monkeypatch.chdir(odd)
    monkeypatch.setenv("NOTESEARCH_INLINE_TAGS", "never")
    out = run("watch", "--print-service", "systemd", "--config", "notesearch.yaml").out
    quoted = str(odd).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    assert f'"--index" "{quoted.replace("$", "$$")}/index"' in out
    assert f'"--config" "{quoted.replace("$", "$$")}/notesearch.yaml"' in out
    assert 'Environment="NOTESEARCH_INLINE_TAGS=never"' in out.splitlines()
    verify(tmp_path / "notesearch-odd.service", out)


def test_launchd_agent_says_the_same(here, run, monkeypatch):
    monkeypatch.setenv("NOTESEARCH_PRECISION", "int8")
    ended = run("watch", "--print-service", "launchd")
    agent = plistlib.loads(ended.out.encode())
    command = [sys.executable, "-m", "notesearch", "watch", "--index", f"{here}/index"]
    assert agent["ProgramArguments"] == command
    assert agent["WorkingDirectory"] == str(Path.home())
    assert agent["EnvironmentVariables"] == {"NOTESEARCH_PRECISION": "int8"}
    assert agent["RunAtLoad"] is True
    assert f"~/Library/LaunchAgents/{agent['Label']}.plist" in ended.err


def test_index_that_was_chosen_by_its_name_is_named_so(here, run, monkeypatch, tmp_path):
    assert run("index", "corpus", "--name", "work").code == ExitCode.OK
    monkeypatch.chdir(tmp_path.parent)
    ended = run("watch", "-i", "work", "--print-service", "systemd")
    assert '"watch" "--index" "work"' in ended.out
    assert "notesearch-work.service" in ended.err


def test_other_service_is_refused_with_those_there_are(here, run):
    ended = run("watch", "--print-service", "cron")
    assert ended.code == ExitCode.USAGE
    assert ended.err == "notesearch: --print-service takes one of systemd, launchd, found cron\n"
