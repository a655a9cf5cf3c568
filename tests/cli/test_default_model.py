"""The commands with the real default model, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.cli.conftest import ROOT, Ended
from tests.conftest import write_notes


def notesearch(cwd: Path, *arguments: str, **environment: str) -> Ended:
    ended = subprocess.run(
        [sys.executable, "-m", "notesearch", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.usefixtures("default_embedder")  # compiles it, which has messages of its own
def test_first_query_makes_the_index_and_answers_by_meaning(tmp_path):
    write_notes(tmp_path / "corpus")
    question = ("query", "cutting up pictures", "--paths", "-k", "1")
    first = notesearch(tmp_path, *question)
    assert (first.code, first.out) == (ExitCode.OK, "vision/vit.md\n")
    said = first.err.splitlines()
    assert said[0] == "no index in index yet: making one of corpus"
    assert said[-1].startswith("files: 5 added; passages: 5 in 5 notes, 5 embedded, 0 reused; ")
    again = notesearch(tmp_path, *question)
    assert (again.code, again.out, again.err) == (ExitCode.OK, "vision/vit.md\n", "")


@pytest.mark.usefixtures("default_embedder")
def test_sentence_that_answers_in_other_words_is_shown(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/gan.md").write_text(
        "# A GAN for faces\n\nThe generator is a plain stack of convolutions with noise at its "
        "input. The discriminator looks at patches and not at the whole face. Both are trained in "
        "turn, with a penalty on the gradient. Faces of two data sets are shown side by side with "
        "those of older models. The hair looks real in most of them, while the ears often differ. "
        "An appendix lists all layers of both networks with their sizes. Everything ran on one "
        "graphics card for nine hours.\n",
        encoding="utf-8",
    )
    answer = "Everything ran on one graphics card for nine hours."
    question = ("query", "how long did fitting the convolutions take")
    assert answer in " ".join(notesearch(tmp_path, *question).out.split())
    by_words = " ".join(notesearch(tmp_path, *question, "--mode", "lexical").out.split())
    assert "a plain stack of convolutions" in by_words
    assert answer not in by_words


def test_model_that_is_not_there_ends_with_4(tmp_path):
    write_notes(tmp_path / "corpus")
    offline = {"NOTESEARCH_MODEL": "nobody/none-such", "HF_HUB_OFFLINE": "1"}
    ended = notesearch(tmp_path, "query", "policy", **offline)
    assert (ended.code, ended.out) == (ExitCode.MODEL, "")
    assert "notesearch: " in ended.err
    assert "nobody/none-such" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("words", "offered"),
    [("notesearch quer", {"query"}), ("notesearch query --mode le", {"lexical"})],
)
def test_shell_completes_commands_and_choices(tmp_path, words, offered):
    ended = notesearch(
        tmp_path,
        _NOTESEARCH_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - 1),
    )
    assert set(ended.out.split()) == offered
