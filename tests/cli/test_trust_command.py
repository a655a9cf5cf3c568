"""`notesearch trust`, and a folder of notes that brings a model with code of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.cli.conftest import Ended, run_apart
from tests.conftest import write_notes

CODE = """
from pathlib import Path
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

Path({ran!r}).touch()


class Own(StaticEmbedding):
    pass
"""
WARNING = (
    "notesearch: warning: notesearch.yaml: left out model, trust_remote_code: a file that came "
    "with a folder may not set them unasked; to see and accept, run: notesearch trust\n"
)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def brought(tmp_path: Path, state: Path, make_model: Callable[[str], Path]) -> Path:
    """A folder of notes whose settings name its own model, and that model runs its own code."""
    folder = tmp_path / "brought"
    write_notes(folder / "corpus")
    shutil.copytree(make_model("static"), folder / "model")
    modules = json.loads((folder / "model" / "modules.json").read_text())
    modules[0]["type"] = "own.Own"
    (folder / "model" / "modules.json").write_text(json.dumps(modules))
    code = CODE.format(ran=str(tmp_path / "ran"))
    (folder / "model" / "own.py").write_text(code)
    if modules[0]["path"]:
        shutil.copy(folder / "model" / "own.py", folder / "model" / modules[0]["path"])
    (folder / "notesearch.yaml").write_text("model: model\ntrust_remote_code: true\n")
    return folder


def notesearch(cwd: Path, *arguments: str) -> Ended:
    return run_apart(arguments, cwd, module="notesearch")


@pytest.mark.usefixtures("default_embedder")  # compiles it, which has messages of its own
def test_code_that_came_with_a_folder_does_not_run_and_the_query_is_answered(brought, tmp_path):
    ended = notesearch(brought, "query", "cutting up pictures", "--paths", "-k", "1")
    assert not (tmp_path / "ran").exists()
    assert (ended.code, ended.out) == (ExitCode.OK, "vision/vit.md\n")
    assert ended.err.startswith(WARNING)
    assert ended.err.count("notesearch trust") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("default_embedder")
def test_code_of_a_trusted_file_runs_until_the_file_changes(brought, tmp_path):
    trusted = notesearch(brought, "trust")
    assert trusted.out == (
        f"{brought}/notesearch.yaml is trusted until it changes; it sets\n"
        f"  model: 'model' (the folder {brought}/model)\n"
        "  trust_remote_code: true (runs code that comes with the model)\n"
    )
    asked = notesearch(brought, "query", "policy", "--paths")
    assert (asked.code, (tmp_path / "ran").exists()) == (ExitCode.OK, True), asked.err
    assert "notesearch trust" not in asked.err
    (tmp_path / "ran").unlink()

    with (brought / "notesearch.yaml").open("a") as file:
        file.write("# changed\n")
    again = notesearch(brought, "query", "policy", "--index", "other")
    assert again.err.startswith(WARNING)
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_model_with_code_of_its_own_is_refused_without_the_setting_that_allows_it(
    brought, tmp_path
):
    (brought / "notesearch.yaml").write_text("model: model\n")
    ended = notesearch(brought, "index", "corpus", "--config", "notesearch.yaml")
    assert ended.code == ExitCode.MODEL
    assert "or trust_remote_code where the model brings its own code" in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "ran").exists()


# ------------------------------------------------------------ the command


def write(folder: Path, text: str) -> None:
    (folder / "notesearch.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_trust_shows_what_it_accepts_and_says_how_to_take_it_back(run: Callable, folder):
    write(folder, "rerank: some/ranker\nrerank_revision: v1\nindex: /x\npassage_tokens: 9\n")
    assert run("trust").out == (
        f"{folder}/notesearch.yaml is trusted until it changes; it sets\n"
        "  rerank: 'some/ranker' (a model of the hub, fetched over the network)\n"
        "  rerank_revision: 'v1' (fetches this revision of the cross-encoder)\n"
        "  index: '/x' (the folder /x)\n"
    )
    assert run("trust", "--list").out == f"{folder}/notesearch.yaml\n"
    assert run("trust", "--remove").out == "notesearch.yaml is no longer trusted\n"
    assert run("trust", "--remove").out == "notesearch.yaml is not trusted\n"
    ended = run("trust", "--list")
    assert (ended.out, ended.err) == ("", "no file is trusted\n")


def test_trust_that_cannot_be_remembered_is_an_error_and_nothing_else(
    run: Callable, folder, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null/x")
    write(folder, "rerank: some/ranker\n")
    ended = run("trust")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err == (
        "notesearch: /dev/null/x/notesearch/trusted cannot be written: Not a directory; "
        "make it writable\n"
    )
    assert run("trust", "--remove").out == "notesearch.yaml is not trusted\n"


def test_trust_of_a_harmless_file_is_not_needed(run: Callable, folder):
    write(folder, "precision: int8\n")
    assert run("trust").out == "notesearch.yaml asks for nothing that needs trust\n"
    assert run("trust", "--list").out == ""


def test_trust_writes_nothing_that_a_terminal_obeys(run: Callable, folder):
    write(folder, '"model": "a\\e]0;x\\a\\u202eb"\n')
    out = run("trust").out
    assert "model: 'a\\x1b]0;x\\x07\\u202eb'" in out
    assert all(sign.isprintable() or sign == "\n" for sign in out)


def test_unknown_variable_is_a_warning(run: Callable, here, monkeypatch):
    monkeypatch.setenv("NOTESEARCH_INDXE", "x")
    ended = run("status")
    assert ended.code == ExitCode.OK
    assert ended.err == (
        "notesearch: warning: the environment: NOTESEARCH_INDXE is not known; "
        "did you mean NOTESEARCH_INDEX?\n"
    )


def test_trust_finds_the_file_of_a_folder_above_or_takes_one_by_name(
    run: Callable, folder, monkeypatch
):
    write(folder, "rerank: some/ranker\n")
    (folder / "below/there").mkdir(parents=True)
    monkeypatch.chdir(folder / "below/there")
    assert run("trust").out.startswith(f"{folder}/notesearch.yaml is trusted until it changes")
    assert run("trust", "--remove").out == f"{folder}/notesearch.yaml is no longer trusted\n"
    (folder / "other.yaml").write_text("rerank: some/ranker\n", encoding="utf-8")
    run("trust", "../../other.yaml")
    assert run("trust", "--list").out == f"{folder}/other.yaml\n"
