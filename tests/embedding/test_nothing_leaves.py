"""No command reaches for the network, or writes elsewhere than in index, cache and TMPDIR."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import BUNDLED, write_notes

REPOSITORY = Path(__file__).resolve().parents[2]
QUERIES = '{"id": "1", "text": "reward model", "relevant": ["rl/dpo.md"]}\n'
COMMANDS = (("index", "corpus"), ("query", "reward model"), ("eval", "queries.jsonl"))


def can_trace() -> bool:
    strace = shutil.which("strace")
    if strace is None:
        return False
    return subprocess.run([strace, "true"], capture_output=True, check=False).returncode == 0


class Place:
    """A folder with notes and an empty home: commands run there as those of a new user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.temporary = folder / "temporary"
        for made in (self.models.parent, self.state.parent, self.temporary):
            made.mkdir(parents=True)
        write_notes(folder / "corpus")
        (folder / "queries.jsonl").write_text(QUERIES, encoding="utf-8")

    @property
    def models(self) -> Path:
        return self.home / ".cache" / "notesearch" / "models"

    @property
    def state(self) -> Path:
        """Where it is kept which indexes the person has made."""
        return self.home / ".local" / "state" / "notesearch"

    def run(self, *program: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HOME": str(self.home)}
        return subprocess.run(
            program,
            cwd=self.folder,
            env=kept
            | {"TMPDIR": str(self.temporary), "PYTHONDONTWRITEBYTECODE": "1"}
            | environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def watch(self, *arguments: str, **environment: str) -> None:
        """Run a command; fails where it does more than it may, or not what it should."""
        may_write = ("index", str(self.models.parent), str(self.state), "temporary")
        ended = self.run(
            sys.executable, "-m", "tests.watched", *may_write, "--", *arguments, **environment
        )
        left = [line for line in ended.stderr.splitlines() if line.startswith("LEFT: ")]
        assert not left, "\n".join(left)
        assert ended.returncode == 0, ended.stderr
        self.look_at_home()

    def trace(self, *arguments: str, **environment: str) -> None:
        """Run a command under strace; fails where it sends or connects beyond this machine."""
        ended = self.run(
            *("strace", "-f", "-e", "trace=network", "-o", "trace.txt"),
            *(sys.executable, "-m", "notesearch", *arguments),
            **environment,
        )
        assert ended.returncode == 0, ended.stderr
        calls = (self.folder / "trace.txt").read_text(encoding="utf-8").splitlines()
        # A socket alone sends nothing: the system's library for identifiers asks one for names.
        reaching = re.compile(r" (connect|send\w+)\(.*sa_family=(?!AF_UNIX)")
        assert [call for call in calls if reaching.search(call)] == []
        self.look_at_home()

    def look_at_home(self) -> None:
        """Fails where others than folders of notesearch are there; native code is seen so too."""
        own = {self.models.parent, self.state}
        passed = {folder for place in own for folder in place.parents} | own
        found = {path for place in passed - own for path in place.glob("*")}
        assert {path for path in found if path.is_relative_to(self.home)} <= passed


@pytest.fixture
def new(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_commands_keep_to_their_folders_and_keep_nothing_in_the_cache(new: Place) -> None:
    for command in COMMANDS:
        new.watch(*command)
    assert not new.models.exists()


@pytest.mark.skipif(not can_trace(), reason="strace is not there, or not allowed")
def test_commands_reach_no_host(new: Place) -> None:
    for command in COMMANDS:
        new.trace(*command)


@pytest.mark.slow
def test_commands_that_compile_keep_to_their_folders(
    new: Place, make_model: Callable[[str], Path]
) -> None:
    compiling = {"NOTESEARCH_MODEL": BUNDLED.name, "NOTESEARCH_RERANK": str(make_model("pairs"))}
    for command in COMMANDS:
        new.watch(*command, **compiling)


@pytest.mark.slow
def test_query_and_eval_may_be_what_compiles(new: Place, make_model: Callable[[str], Path]) -> None:
    # A tiny model: an update compiles the bundled one in the test before this.
    tiny = {"NOTESEARCH_MODEL": str(make_model("mean")), "NOTESEARCH_PRECISION": "int8"}
    new.watch("query", "reward model", **tiny)
    shutil.rmtree(new.models)
    new.watch("eval", "queries.jsonl", **tiny)


@pytest.mark.slow
@pytest.mark.skipif(not can_trace(), reason="strace is not there, or not allowed")
def test_command_that_compiles_reaches_no_host(new: Place) -> None:
    new.trace("query", "reward model", NOTESEARCH_MODEL=BUNDLED.name)
