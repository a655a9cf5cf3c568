"""`notesearch index`, `status` and `check`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from notesearch.cli.output import ExitCode
from tests.conftest import write_notes


def change(corpus: Path = Path("corpus")) -> None:
    (corpus / "new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    (corpus / "rl/ppo.md").write_text("# PPO\n\nAnother policy.\n", encoding="utf-8")
    (corpus / "vision/vit.md").rename(corpus / "vision/patches.md")
    (corpus / "speech/survey.md").unlink()


def test_update_says_what_it_did(here, run):
    change()
    ended = run("index")
    assert (ended.code, ended.out) == (ExitCode.OK, "")
    assert re.fullmatch(
        r"files: 1 added, 1 changed, 1 renamed, 1 removed, 2 unchanged; "
        r"passages: 5 in 5 notes, 2 embedded, 1 reused; \d+\.\d s\n",
        ended.err,
    )
    assert "5 unchanged; passages: 5 in 5 notes, 0 embedded" in run("index").err


def test_dry_run_says_it_and_writes_nothing(here, run):
    change()
    kept = [file for file in Path("index").iterdir() if file.suffix in (".sqlite", ".faiss")]
    before = [(file.name, file.read_bytes()) for file in kept]
    ended = run("index", "--dry-run")
    assert ended.err == (
        "files: 1 added, 1 changed, 1 renamed, 1 removed, 2 unchanged; nothing was written\n"
    )
    assert [(file.name, file.read_bytes()) for file in kept] == before
    assert len(list(Path("index").glob("*.faiss"))) == 1


def test_index_among_its_notes_is_no_note(here, run):
    index = ("--index", "corpus/my index")
    for _ in range(2):
        assert run("index", *index).code == ExitCode.OK
        assert " 5 notes" in run("status", *index).out
    Path("corpus/my index/README.md").write_text("# Words on the index\n", encoding="utf-8")
    Path("corpus/rl/corpus.txt").write_text("A list of corpora.\n", encoding="utf-8")
    assert "1 added" in run("index", *index).err
    assert "rl/corpus.txt" in run("notes", *index).out


def test_report_as_json_is_alone_on_stdout(here, run):
    change()
    Path("corpus/scan.md").write_bytes(b"%PDF-1.7")
    ended = run("index", "--json")
    report = json.loads(ended.out)
    assert ended.code == ExitCode.SKIPPED_FILES
    assert report["added"] == ["new.md", "scan.md"]
    assert report["renamed"] == [["vision/vit.md", "vision/patches.md"]]
    assert report["skipped"] == [{"path": "scan.md", "line": None, "reason": "not text but a PDF"}]
    assert (report["notes"], report["passages"], report["dry_run"]) == (5, 5, False)


def test_corpus_and_index_may_be_named(here, run):
    write_notes(Path("elsewhere"))
    assert run("index", "elsewhere", "--index", "other").code == ExitCode.OK
    assert run("query", "reward model", "--index", "other", "-k", "1").code == ExitCode.OK
    assert sorted(file.name for file in Path("other").glob("catalog.sqlite")) == ["catalog.sqlite"]


def test_reindex_is_index_under_its_old_name(here, run):
    change()
    ended = run("reindex", "--rebuild")
    assert ended.code == ExitCode.OK
    assert ended.err.startswith("files: 5 added; ")
    assert "reindex" not in run("--help").out


def test_empty_corpus_empties_the_index_only_where_it_is_allowed(here, run):
    shutil.rmtree("corpus")
    Path("corpus").mkdir()
    ended = run("index")
    assert ended.code == ExitCode.USAGE
    assert ended.err.startswith(
        f"notesearch: corpus {here}/corpus holds no note files, and nothing "
    )
    assert "--allow-empty" in ended.err
    assert run("index", "--allow-empty").code == ExitCode.OK
    assert run("notes").code == ExitCode.NOTHING_RELEVANT
    assert run("query", "policy").code == ExitCode.NOTHING_RELEVANT


def test_status_in_whole(here, run):
    ended = run("status")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert lines[0] == "5 passages of 5 notes in 5 files"
    assert [line.split()[0] for line in lines[1:]] == [
        "model", "reading", "size", "updated", "corpus", "in",
    ]  # fmt: skip
    assert lines[1] == "model     notesearch-encoder-9, 9 dimensions"
    assert lines[5:] == [f"corpus    {here / 'corpus'}", "          in step"]


def test_another_corpus_does_not_take_the_place_of_the_first(here, run):
    shutil.copytree("corpus", "other")
    ended = run("index", "other")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert "holds the notes of" in ended.err
    assert ended.err.endswith("to make another index, run: notesearch index other --name other\n")
    assert run("index", "other", "--rebuild").code == ExitCode.OK


def test_index_and_corpus_may_move_together(here, run, monkeypatch):
    Path("moved").mkdir()
    Path("corpus").rename("moved/corpus")
    Path("index").rename("moved/index")
    monkeypatch.chdir("moved")
    assert "in step" in run("status").out


def test_status_says_what_changed_and_what_cannot_be_read(here, run):
    Path("corpus/scan.md").write_bytes(b"%PDF-1.7")
    run("index")
    change()
    assert run("status").out.splitlines()[-2:] == [
        "          the index is behind: 2 added, 1 changed, 2 removed; run: notesearch index",
        "scan.md: left out: not text but a PDF",
    ]
    assert json.loads(run("status", "--json").out)["drift"] == {
        "added": 2,
        "changed": 1,
        "removed": 2,
    }
