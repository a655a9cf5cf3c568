"""The walk-through of docs/team.md, by processes, and questions while an update goes on."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from notesearch import Index
from notesearch.cli.output import ExitCode
from tests.cli.conftest import ROOT, Ended, Run, run, run_apart
from tests.conftest import NOTES, write_notes
from tests.index.qdrant.conftest import open_index

__all__ = ["run"]

PAGE = (ROOT / "docs/team.md").read_text(encoding="utf-8")
WALK = re.findall(r"^\$ (notesearch .*)$", PAGE.partition("## A walk-through")[2], re.M)
WAIT = """
import sys
from notesearch.index.qdrant.engine_connection import (connect)
from notesearch.engine_address import read_engine_address
engine = connect(read_engine_address(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


class Machine:
    """A person at a machine of their own, with a folder and settings of their own."""

    def __init__(self, folder: Path, engine: Path) -> None:
        folder.mkdir()
        self.folder, self.engine = folder, engine

    def run_apart(self, command: str) -> Ended:
        """Run a command in a process of its own."""
        return run_apart(self._words(command), self.folder, **self._homes())

    def run(self, command: str, run: Run) -> Ended:
        """Run a command in this process, which lets go of the engine at its end."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in self._homes().items():
                patch.setenv(name, value)
            return run(*self._words(command))

    def _words(self, command: str) -> list[str]:
        return shlex.split(command.replace("/tmp/engine", str(self.engine)))[1:]

    def _homes(self) -> dict[str, str]:
        return {f"XDG_{kind}_HOME": str(self.folder / kind) for kind in ("CONFIG", "STATE", "DATA")}


@pytest.mark.usefixtures("word_model")
def test_walk_through_a_writer_and_two_readers(tmp_path: Path, run: Run):
    writer, *readers = (Machine(tmp_path / n, tmp_path / "engine") for n in ("w", "r1", "r2"))
    shutil.copytree(ROOT / "corpus/alignment", writer.folder / "corpus")
    make, ask, filtered, update, check, status = WALK
    made = writer.run_apart(make)
    assert (made.code, made.out) == (ExitCode.OK, ""), made.err
    assert "files: 20 added" in made.err
    for reader, command in zip(readers, (ask, filtered), strict=True):
        found = reader.run(command, run)
        assert (found.code, found.err) == (ExitCode.OK, ""), found.err
        assert "dpo.md" in found.out
    (writer.folder / "corpus/new.md").write_text("# Robots\n\nA robot has a policy.\n")
    updated = writer.run(update, run)
    assert "files: 1 added, 20 unchanged; passages: 162 in 21 notes, 1 embedded" in updated.err
    assert writer.run(check, run).out == "no damage found\n"
    found = readers[0].run(status, run)
    assert found.out.startswith("162 passages of 21 notes in 21 files"), found.err


def test_a_folder_that_is_open_is_named_to_the_second_process(tmp_path: Path):
    address = f"qdrant://{tmp_path}/engine/notes"
    with subprocess.Popen(
        [sys.executable, "-c", WAIT, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        found = Machine(tmp_path / "r", tmp_path / "engine").run_apart(WALK[1])
        first.communicate("")
    assert found.code == ExitCode.INDEX
    assert "is open in another process, and a folder serves one at a time" in found.err


def test_two_readers_ask_while_a_writer_updates_and_see_whole_notes(
    address: str, embedder, tmp_path: Path
):
    notes = tmp_path / "notes"
    write_notes(notes)
    with open_index(address, embedder) as writer:
        writer.update(notes)
        ended = threading.Event()
        wrong: list[str] = []

        def read(index: Index) -> None:
            while not ended.is_set():
                with index._snapshot() as snapshot:
                    for note in snapshot.list_notes(None, 20):
                        (number,) = snapshot.find_notes(note.note_id)
                        texts = {s.passage.text for s in snapshot.passages_of_note(number)}
                        kinds = {"robot" in text for text in texts}
                        if note.path in NOTES and len(kinds) > 1:
                            wrong.append(note.path)
                assert index.query("policy robot reward")

        with open_index(address, embedder) as one, open_index(address, embedder) as other:
            threads = [threading.Thread(target=read, args=(index,)) for index in (one, other)]
            for thread in threads:
                thread.start()
            for word in ("robot", "policy", "robot"):
                for path, text in NOTES.items():
                    (notes / path).write_text(
                        text.replace("policy", word).replace("image", word).replace("model", word)
                    )
                assert writer.update(notes).changed
            ended.set()
            for thread in threads:
                thread.join()
            assert wrong == []
            assert one.check() == ()


def test_the_walk_through_is_the_one_of_the_page():
    assert [shlex.split(command)[1] for command in WALK] == [
        *("index", "query", "query", "index", "check", "status")
    ]


@pytest.mark.parametrize("name", ["qdrant_client", "grpc"])
def test_without_the_extra_an_engine_says_what_to_install(name: str, tmp_path: Path):
    program = (
        f"import sys; sys.modules[{name!r}] = None\n"
        "from notesearch import Index\n"
        f"Index.open('qdrant://{tmp_path}/engine/notes')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "needs qdrant-client, which is not installed; install the extra qdrant" in ended.stderr
