"""A folder of somebody else's notes is data: no module in it is imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import make_library

ROOT = Path(__file__).parents[2]
SCRIPT = Path(sys.executable).with_name("notesearch")

# Of the program, of what it depends on, and of the standard library.
MODULES = (
    "yaml", "numpy", "typing_extensions", "typer", "click", "rich", "pathspec", "faiss",
    "onnxruntime", "tokenizers", "filelock", "markdown_it", "ftfy", "mdurl", "colorama",
    "apsw", "xxhash", "json", "csv", "sqlite3", "dataclasses", "typing", "shlex", "traceback",
    "signal", "subprocess", "tests",
)  # fmt: skip
COMMANDS = (
    ["query", "reward model", "--mode", "lexical"],
    ["query", "tag:dpo", "--csv"],
    ["status", "--config", "settings.yaml"],
    ["show", "rl/dpo.md"],
    ["parse", "corpus/rl/dpo.md", "--config", "settings.yaml"],
    ["eval", "queries.yaml", "--modes", "lexical"],
    ["--help"],
)


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that came with modules, each of which leaves a trace when it is run."""
    folder = tmp_path_factory.mktemp("strange")
    make_library(folder)
    (folder / "settings.yaml").write_text("inline_tags: never\n", encoding="utf-8")
    (folder / "queries.yaml").write_text(
        "- {id: q, text: policy, relevant: [rl/dpo.md]}\n", encoding="utf-8"
    )
    trace = "import sys\nopen('was_run', 'a').write(__name__ + '\\n')\n"
    for name in MODULES:
        (folder / f"{name}.py").write_text(trace, encoding="utf-8")
    return folder


def was_run(folder: Path, command: list[str], **more: str) -> tuple[int, str]:
    """The exit code of a command in the folder, and the modules that it ran from there."""
    (folder / "was_run").unlink(missing_ok=True)
    names = ("PYTHONPATH", "PYTHONSAFEPATH")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "NOTESEARCH_DEBUG": "1", **more},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    trace = folder / "was_run"
    return ended.returncode, trace.read_text(encoding="utf-8") if trace.exists() else ""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_module_run_with_python_m_imports_nothing_from_there(strange, command):
    found = was_run(strange, [sys.executable, "-m", "notesearch", *command])
    assert found == (0, "")


@pytest.mark.skipif(not SCRIPT.exists(), reason="notesearch is not installed as a script here")
def test_script_imports_nothing_from_there_not_even_a_package_of_its_name(strange):
    package = strange / "notesearch"
    package.mkdir()
    shutil.copy(strange / "yaml.py", package / "__init__.py")
    try:
        for command in (COMMANDS[1], COMMANDS[4], COMMANDS[5]):  # which import the most
            assert was_run(strange, [str(SCRIPT), *command]) == (0, ""), command
    finally:
        shutil.rmtree(package)


def test_checkout_runs_from_its_own_root():
    code, _ = was_run(ROOT, [sys.executable, "-m", "notesearch", "query", "--help"])
    assert code == 0
