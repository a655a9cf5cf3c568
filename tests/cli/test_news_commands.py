"""`notesearch new`, `save` and `queue`, and saved questions on a query line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode

KTO = """---
arxiv: 2402.01306
---
# KTO

A reward model without pairs of answers.

## What I'm trying next

- [ ] Rerun it on a graph.
- [x] Read it.

## Related

See also arXiv:2401.10020 and [Self-Rewarding Language Models](https://arxiv.org/abs/2401.10020).
"""
MARK = "to begin the next list here, run: notesearch new --mark\n"


@pytest.fixture
def own_folder(here, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here / "config"))
    return here


@pytest.fixture
def grown(own_folder, run):
    """The notes, one of them new, one changed and one gone since the index was made."""
    assert run("save", "reward model", "--name", "rm").code == ExitCode.OK
    Path("corpus/rl/kto.md").write_text(KTO, encoding="utf-8")
    with Path("corpus/rl/dpo.md").open("a", encoding="utf-8") as file:
        file.write("\n## Later\n\nIt holds for a robot.\n")
    Path("corpus/speech/survey.md").unlink()
    assert run("index").code == ExitCode.OK


def test_what_is_new_is_listed_with_what_it_answers(grown, run):
    ended = run("new")
    assert ended.code == ExitCode.OK
    assert re.sub(r"since \S+ \S+:", "since DATE:", ended.out) == (
        "since DATE: 1 new note, 1 changed, 1 gone\n"
        "\n"
        "@rm: reward model\n"
        "rl/kto.md:4  KTO\n"
        "    A reward model without pairs of answers. ## What I'm trying next - [ ] Rerun it on a "
        "graph. "
        "- [x] Read it. ## Related See also arXiv:2401.10020 and Self-Rewarding Language Models.\n"
        "\n"
        "changed  rl/dpo.md  Direct Preference Optimization\n"
        "        14  It holds for a robot.\n"
        "new  rl/kto.md  KTO\n"
    )
    assert ended.err == MARK


def test_looking_leaves_what_is_new_and_mark_begins_a_new_list(grown, run):
    first = run("new")
    assert run("new").out == first.out
    marked = run("new", "--mark")
    assert (marked.out, marked.err) == (first.out, "the next notesearch new begins here\n")
    ended = run("new")
    assert ended.code == ExitCode.NOTHING_RELEVANT
    assert ended.out.endswith(": 0 new notes, 0 changed, 0 gone\n")
    assert ended.err == "to look further back, run: notesearch new --since 7d\n"
    assert "rl/kto.md" in run("new", "--since", "1d").out


def test_new_as_json_has_all_of_it(grown, run):
    value = json.loads(run("new", "--json", "-n", "1").out)
    assert [(note["path"], note["is_new"]) for note in value["notes"]] == [
        ("rl/dpo.md", False),
        ("rl/kto.md", True),
    ]
    assert value["deleted"] == 1
    (answer,) = value["answers"]
    assert (answer["name"], answer["question"]) == ("rm", "reward model")
    assert [hit["path"] for hit in answer["hits"]] == ["rl/kto.md"]


def test_an_index_that_is_behind_says_so_and_update_brings_it_in_step(own_folder, run):
    Path("corpus/rl/kto.md").write_text(KTO, encoding="utf-8")
    behind = run("new")
    assert behind.code == ExitCode.NOTHING_RELEVANT
    assert behind.err.startswith("the index is behind: 1 added; run: notesearch index")
    assert "new  rl/kto.md  KTO" in run("new", "--update").out


def test_a_saved_question_that_cannot_be_asked_is_named(grown, run):
    file = Path("config/notesearch/saved-questions.yaml")
    file.write_text("lost: reward tag:nonesuch\n", encoding="utf-8")
    ended = run("new")
    assert ended.code == ExitCode.OK
    assert "@lost cannot be asked: no note has the tag nonesuch" in ended.err


def test_questions_are_saved_listed_asked_and_removed(own_folder, run):
    file = own_folder / "config/notesearch/saved-questions.yaml"
    assert run("save").code == ExitCode.NOTHING_RELEVANT
    saved = run("save", "reward model tag:ppo", "--name", "rm")
    assert saved.err == f"saved as @rm in {file}; to ask it, run: notesearch query @rm\n"
    assert run("save", "image -tag:survey", "--name", "@pictures").code == ExitCode.OK
    assert run("save").out == "@rm        reward model tag:ppo\n@pictures  image -tag:survey\n"
    asked = run("query", "@rm", "--paths")
    assert asked.err == "asking: reward model tag:ppo\n"
    assert asked.out == run("query", "reward model tag:ppo", "--paths").out
    more = run("query", "@rm", "since:2030", "--json")
    assert (more.out, more.code) == ("[]\n", ExitCode.NOTHING_RELEVANT)
    replaced = run("save", "reward", "--name", "rm")
    assert "(it was: reward model tag:ppo)" in replaced.err
    assert json.loads(run("save", "--json").out) == {
        "rm": "reward",
        "pictures": "image -tag:survey",
    }
    assert run("save", "--remove", "rm").err == "@rm is removed; it was: reward\n"
    assert list(json.loads(run("save", "--json").out)) == ["pictures"]


def test_saved_questions_lie_beside_the_settings_and_outlast_the_index(own_folder, run):
    Path("notesearch.yaml").write_text("corpus: corpus\n", encoding="utf-8")
    assert run("save", "reward", "--name", "rm").code == ExitCode.OK
    assert Path("saved-questions.yaml").read_text(encoding="utf-8").endswith("rm: reward\n")
    assert run("index", "--rebuild").code == ExitCode.OK
    assert run("save").out == "@rm  reward\n"


@pytest.mark.parametrize("line", ["@nobody", "@rafailov2023direct reward", "reward @rm", "a@b"])
def test_a_word_with_an_at_sign_is_a_word(own_folder, run, line):
    run("save", "speech", "--name", "rm")
    ended = run("query", line, "--json")
    assert ended.err == ""
    assert ended.out == run("query", f" {line}", "--json").out


def test_a_broken_file_of_questions_is_named_and_stops_no_other_question(own_folder, run):
    file = own_folder / "config/notesearch/saved-questions.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("rm: [reward\n", encoding="utf-8")
    assert run("query", "reward").code == ExitCode.OK
    for command in (("query", "@rm"), ("save",), ("new",), ("save", "x", "--name", "y")):
        ended = run(*command)
        assert ended.code == ExitCode.USAGE
        assert ended.err.startswith(f"notesearch: {file}, line 2: not YAML: ")
        assert ended.err.endswith("; mend that line\n")
        assert ended.err.count("\n") == 1


def test_the_queue_lists_what_is_to_be_done_and_to_read(grown, run):
    ended = run("queue")
    assert ended.code == ExitCode.OK
    assert ended.out == (
        "to do\n"
        "rl/kto.md  KTO\n"
        "    10  Rerun it on a graph.\n"
        "\n"
        "to read\n"
        "  1  arxiv:2401.10020  Self-Rewarding Language Models\n"
        "     rl/kto.md:15\n"
    )
    assert run("queue", "--steps").out == ended.out.partition("\n\n")[0] + "\n"
    assert run("queue", "--papers").out == ended.out.partition("\n\n")[2]


def test_the_queue_as_json_and_of_a_filter(grown, run):
    value = json.loads(run("queue", "--json").out)
    (step,) = value["steps"]
    assert {key: step[key] for key in ("path", "line", "kind", "section", "text")} == {
        "path": "rl/kto.md",
        "line": 10,
        "kind": "task",
        "section": "What I'm trying next",
        "text": "Rerun it on a graph.",
    }
    (paper,) = value["papers"]
    assert (paper["paper"], paper["mentions"][0]["line"]) == ("arxiv:2401.10020", 15)
    none = run("queue", "tag:dpo", "--json")
    assert (json.loads(none.out), none.code) == (
        {"steps": [], "papers": []},
        ExitCode.NOTHING_RELEVANT,
    )


def test_what_a_terminal_would_act_on_is_left_out(own_folder, run):
    text = "# A\x1b[31m\n\nA policy.\n\n- [ ] do\x1b]8;;x\x07 it\n\nSee arXiv:2401.10020 \x9b1m.\n"
    Path("corpus/bad.md").write_text(text, encoding="utf-8")
    assert run("index").code == ExitCode.OK
    for command in (("new",), ("queue",), ("new", "--json"), ("queue", "--json")):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", run(*command).out)
