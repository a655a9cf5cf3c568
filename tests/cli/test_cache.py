"""`notesearch cache`: what compiled models are kept, and that they go."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from notesearch import ModelChoice, load_embedder
from notesearch.cli.output import ExitCode
from notesearch.embedding.model_cache import folder_of, lock_of


@pytest.fixture
def compiled(tmp_path, monkeypatch, open_tiny, cache_dir) -> Path:
    """The folder of compiled models of a user who has one, copied from where it was made."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fingerprint = open_tiny("static").fingerprint
    compiled = tmp_path / "notesearch/models/compiled"
    shutil.copytree(
        folder_of(cache_dir, fingerprint), compiled / folder_of(cache_dir, fingerprint).name
    )
    return compiled


def form_in(compiled: Path) -> Path:
    (form,) = compiled.glob("tiny-static-float32-*-v*/")
    return form


def test_cache_without_models_says_where_it_is(tmp_path, run, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    ended = run("cache")
    folder = tmp_path / "notesearch/models/compiled"
    assert (ended.code, ended.out) == (ExitCode.OK, f"{folder}: 0 compiled models, 0.0 MB\n")
    assert run("cache", "--clear").err == "removed 0 of 0, 0.0 MB\n"


def test_models_are_listed_with_what_is_wrong_with_them(compiled, run):
    form = form_in(compiled)
    old = compiled / f"{form.name.rpartition('-')[0]}-v1"
    shutil.copytree(form, old)
    shutil.copytree(form, compiled / f".{form.name}.abc123")
    damaged = compiled / form.name.replace("tiny", "zz")
    shutil.copytree(form, damaged)
    (damaged / "tokenizer.json").write_text("{}", encoding="utf-8")
    lines = run("cache").out.splitlines()
    name = form.name.rpartition("-")[0]
    assert [line.split()[0] for line in lines[:-1]] == [
        "tiny-static", name, name, name.replace("tiny", "zz"),
    ]  # fmt: skip
    assert lines[0].endswith("MB  " + lines[1].split()[3])
    assert {line.partition(" MB  ")[2][12:] for line in lines[1:4]} == {
        "of another version", "not finished", "damaged",
    }  # fmt: skip
    assert lines[4].startswith(f"{compiled}: 4 compiled models, ")
    found = json.loads(run("cache", "--json").out)
    assert Path(found[0]["folder"]).name == form.name
    assert found[0]["size"] == sum(file.stat().st_size for file in form.iterdir())


def test_cleared_model_is_compiled_again(compiled, run, make_model):
    ended = run("cache", "--clear")
    assert (ended.code, ended.out) == (ExitCode.OK, "")
    assert ended.err.startswith("removed 1 of 1, ")
    assert [path for path in compiled.iterdir() if path.is_dir()] == []
    messages: list[str] = []
    load_embedder(ModelChoice(name=str(make_model("static"))), announce=messages.append)
    assert messages[0].startswith("compiling tiny-static once on this machine")


def test_model_that_is_being_compiled_stays(compiled, run):
    form = form_in(compiled)
    scratch = compiled / f".{form.name}.abc123"
    form.rename(scratch)
    with lock_of(form):
        ended = run("cache", "--clear")
    assert ended.code == ExitCode.MODEL
    assert ended.out.splitlines()[0].endswith("  not finished")
    assert ended.err == "removed 0 of 1, 0.0 MB\n"
    assert scratch.is_dir()
