"""An index that was made answers from any folder, unless folder or settings have another."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from notesearch.settings_file import user_settings_file
from tests.conftest import write_notes

QUESTION = ("query", "reward model", "--paths", "-k", "1")
NAME_A_CORPUS = "run: notesearch index CORPUS (your folder of notes), or: notesearch init\n"


# ------------------------------------------------------------ the last one made


def test_question_from_any_folder_finds_the_index_that_was_made_and_says_so(made, run):
    ended = run(*QUESTION)
    assert (ended.code, ended.out) == (ExitCode.OK, "rl/ppo.md\n")
    assert ended.err == "using the index of ~/notes, the last one that was made\n"
    for command in (["notes"], ["tags"], ["show", "rl/dpo.md"], ["status"], ["check"]):
        ended = run(*command)
        assert ended.code == ExitCode.OK
        assert ended.err == "using the index of ~/notes, the last one that was made\n"
    assert not list(Path().iterdir())


def test_nothing_is_said_among_the_notes_themselves(made, run, monkeypatch):
    monkeypatch.chdir(made / "notes/rl")
    assert run(*QUESTION).err == ""


def test_update_from_any_folder_brings_that_index_in_step(made, run):
    (made / "notes/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    behind = run("query", "robot", "--paths").err
    assert behind.endswith("the index is behind: 1 added; run: notesearch index\n")
    ended = run("index")
    assert (ended.code, "1 added" in ended.err) == (ExitCode.OK, True)
    assert run("query", "robot", "--paths", "-k", "1").out == "new.md\n"
    assert not list(Path().iterdir())


def test_folder_of_notes_named_again_finds_its_index_from_anywhere(made, run):
    ended = run("index", str(made / "notes"))
    assert ended.err.startswith("using the index of ~/notes, in ~/index\nfiles: 5 unchanged; ")
    assert run(*QUESTION, "--corpus", str(made / "notes")).out == "rl/ppo.md\n"
    assert not list(Path().iterdir())


def test_folder_with_an_index_or_a_corpus_of_its_own_is_asked_first(made, run):
    write_notes(Path("corpus"))
    Path("corpus/own.md").write_text("# Own\n\nAn owl.\n", encoding="utf-8")
    assert run("query", "owl", "--paths", "-k", "1").out == "own.md\n"
    shutil.rmtree("corpus")
    ended = run("query", "owl", "--paths", "-k", "1")
    assert (ended.out, "~/notes" in ended.err) == ("own.md\n", False)


def test_index_that_a_first_question_makes_is_not_the_default(made, run, monkeypatch):
    """Or a folder of somebody else's with a `corpus` in it would answer everywhere."""
    write_notes(Path("corpus"))
    assert run(*QUESTION).code == ExitCode.OK
    (made / "third").mkdir()
    monkeypatch.chdir(made / "third")
    assert "~/notes" in run(*QUESTION).err


def test_missing_one_is_passed_over(made, run):
    assert run("index", str(made / "work"), "--name", "work").code == ExitCode.OK
    assert "~/work" in run(*QUESTION).err
    shutil.rmtree(made / ".data/notesearch/indexes/work")
    assert "~/notes" in run(*QUESTION).err


def test_own_settings_go_before_and_are_named(made, run):
    assert run("index", str(made / "work"), "--name", "work").code == ExitCode.OK
    user_settings_file().parent.mkdir(parents=True)
    user_settings_file().write_text("index: ~/index\n", encoding="utf-8")
    ended = run(*QUESTION)
    assert ended.out == "rl/ppo.md\n"
    assert ended.err == "using the index of ~/notes, as ~/.config/notesearch/config.yaml says\n"
    assert run("query", "robot", "--paths", "--corpus", str(made / "work")).out == "robot.md\n"


def test_other_notes_beside_those_of_the_own_settings_get_an_index_of_their_own(made, run):
    user_settings_file().parent.mkdir(parents=True)
    user_settings_file().write_text("index: ~/index\ncorpus: ~/notes\n", encoding="utf-8")
    (made / "work").rename(made / "My work!")
    ended = run("index", str(made / "My work!"))
    assert (ended.code, ended.err.count("\n")) == (ExitCode.USAGE, 1)
    words = shlex.split(ended.err.rpartition("run: ")[2])
    assert words[3:] == ["--name", "my-work"]
    assert run(*words[1:]).code == ExitCode.OK
    assert run(*QUESTION, "-i", "my-work").out == "robot.md\n"
    assert run(*QUESTION).out == "rl/ppo.md\n"


def test_settings_that_an_index_was_made_with_hold_wherever_it_is_asked(made, run, monkeypatch):
    (made / "notes/notesearch.yaml").write_text("corpus: .\nignore: [vision/]\n", encoding="utf-8")
    monkeypatch.chdir(made / "notes")
    assert run("index", "--index", "../index").code == ExitCode.OK
    monkeypatch.chdir(made / "elsewhere")
    assert "in step" in run("status").out


def test_settings_of_a_strangers_folder_do_not_touch_the_index_that_answers_there(made, run):
    Path("notesearch.yaml").write_text(
        "passage_tokens: 3\nignore: ['*']\nquery_prompt: x\n", encoding="utf-8"
    )
    before = run("notes").out
    assert "in step" in run("status").out
    assert run("index").code == ExitCode.OK
    assert run("notes").out == before


def test_index_that_another_user_put_in_its_place_is_not_asked(made, run):
    if os.getuid() != 0:
        pytest.skip("only root may give a file away")
    os.chown(made / "index/catalog.sqlite", 12345, 12345)
    assert run(*QUESTION).err == (
        "notesearch: there is no index here, and none was made before; " + NAME_A_CORPUS
    )


def test_link_that_took_its_place_is_not_followed(made, run):
    (made / "index").rename(made / "private")
    (made / "index").symlink_to(made / "private")
    assert run(*QUESTION).code == ExitCode.INDEX


def test_damaged_entry_is_no_index(made, run):
    (entry,) = (made.parent / "state-of-the-user").rglob("known/*.json")
    for text in ("", "[]", "{}", '{"name": 1, "folder": 2}', "\x00"):
        entry.write_text(text)
        assert run(*QUESTION).code == ExitCode.INDEX
        assert run("indexes").out == ""


def test_state_that_cannot_be_kept_stops_no_update(home, run, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null/x")
    assert run("index", str(home / "notes")).code == ExitCode.OK


def test_what_is_kept_is_for_its_owner_alone(made):
    (entry,) = (made.parent / "state-of-the-user").rglob("known/*.json")
    assert (entry.stat().st_mode & 0o777, entry.parent.stat().st_mode & 0o777) == (0o600, 0o700)


# ------------------------------------------------------------ what is missing


def test_own_notes_measure_the_index_that_was_made_last(made, run):
    ended = run("eval", "--auto", "--modes", "lexical")
    assert "using the index of ~/notes" in ended.err


def test_corpus_may_be_an_option_and_is_named_once(home, run):
    assert run("index", "--corpus", "../notes").code == ExitCode.OK
    ended = run("index", "../notes", "--corpus", "../notes")
    assert (ended.code, ended.err.count("\n")) == (ExitCode.USAGE, 1)


def test_first_question_may_name_the_corpus(home, run):
    ended = run(*QUESTION, "--corpus", "../notes")
    assert (ended.code, ended.out) == (ExitCode.OK, "rl/ppo.md\n")
    ended = run(*QUESTION, "--corpus", "../work")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    words = shlex.split(ended.err.rpartition("run: ")[2])
    assert words == ["notesearch", "index", "../work", "--name", "work"]
    assert run(*words[1:]).code == ExitCode.OK
    assert run(*QUESTION, "--corpus", "../work").out == "robot.md\n"


# ------------------------------------------------------------ names, and several at once


def test_index_is_asked_and_brought_in_step_by_its_name(named, run):
    for name, found in (("work", "robot.md\n"), ("WORK", "robot.md\n"), ("notes", "rl/ppo.md\n")):
        ended = run(*QUESTION, "-i", name)
        assert (ended.out, ended.err) == (found, "")
    (named / "work/new.md").write_text("# New\n\nAn owl.\n", encoding="utf-8")
    assert "1 added; run: notesearch index -i work\n" in run("query", "owl", "-i", "work").err
    assert "1 added" in run("index", "-i", "work").err
    assert not list(Path().iterdir())


def test_name_alone_makes_its_folder_among_the_users_data(named):
    assert (named / ".data/notesearch/indexes/work/catalog.sqlite").is_file()


def test_indexes_are_listed_the_last_one_first(named, run):
    shutil.rmtree(named / "index")
    ended = run("indexes")
    lines = ended.out.splitlines()
    assert [line.split()[0] for line in lines[::2]] == ["work", "notes"]
    assert lines[0].split()[1:3] == ["1", "note"]
    assert lines[0].endswith("  ~/work")
    assert lines[1].strip() == "~/.data/notesearch/indexes/work"
    assert lines[2].endswith("  ~/notes")
    assert lines[3].strip() == "~/index: missing"
    work, notes = json.loads(run("indexes", "--json").out)
    assert (work["name"], work["notes"], work["problem"]) == ("work", 1, None)
    assert (notes["notes"], notes["problem"]) == (None, "missing")


def test_damaged_one_is_listed_with_its_damage(named, run):
    (named / "index/catalog.sqlite").write_bytes(b"no database " * 1000)
    (damage,) = (line for line in run("indexes").out.splitlines() if "catalog.sqlite: " in line)
    assert "; run: notesearch index " in damage


def test_forgotten_one_is_found_no_more_and_its_files_stay(named, run):
    ended = run("indexes", "--forget", "work")
    assert ended.out == ("work is forgotten; its files stay in ~/.data/notesearch/indexes/work\n")
    assert "~/notes" in run(*QUESTION).err
    assert run("indexes", "--forget", "work").err == (
        "notesearch: no index is called work; to list those there are, run: notesearch indexes\n"
    )
    assert (named / ".data/notesearch/indexes/work/catalog.sqlite").is_file()


def test_missing_one_is_named_with_the_command_that_makes_it_again(named, run):
    shutil.rmtree(named / ".data/notesearch/indexes/work")
    ended = run(*QUESTION, "-i", "work")
    assert ended.code == ExitCode.INDEX
    assert ended.err.endswith("holds no index; run: notesearch index -i work\n")
    assert run("index", "-i", "work").code == ExitCode.OK
    assert run(*QUESTION, "-i", "work").out == "robot.md\n"


def test_index_that_has_a_name_gets_another(named, run):
    assert run("index", str(named / "work"), "--name", "lab").code == ExitCode.OK
    assert run(*QUESTION, "-i", "lab").out == "robot.md\n"
    assert [line.split()[0] for line in run("indexes").out.splitlines()[::2]] == ["lab", "notes"]


def test_second_index_of_folders_of_one_name_has_a_number(made, run, monkeypatch):
    write_notes(made / "elsewhere/notes")
    assert (
        run("index", "notes", "--index", "ix")
        .err.splitlines()[-1]
        .startswith("this index is called notes-2; ")
    )


def test_name_goes_before_a_folder_of_that_name(named, run):
    assert run("index", str(named / "notes"), "--index", "./work").code == ExitCode.OK
    assert run(*QUESTION, "-i", "work").out == "robot.md\n"
    assert run(*QUESTION, "-i", "./work").out == "rl/ppo.md\n"


@pytest.mark.parametrize("names", ["work,notes", "notes, work", "all"])
def test_several_are_asked_at_once_and_their_hits_name_them(named, run, names):
    ended = run("query", "reward for a robot", "--paths", "-i", names)
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert ended.out.splitlines()[0] == "work:robot.md"
    assert {"notes:rl/ppo.md", "notes:rl/dpo.md"} <= set(ended.out.splitlines())
    shown = run("query", "reward for a robot", "-i", names, "--context", "1").out
    assert "    work:robot.md:1-3\n" in shown
    assert run("query", "tag:alignment", "--paths", "-i", names).out.splitlines() == [
        "notes:rl/dpo.md", "notes:rl/ppo.md",
    ]  # fmt: skip
    batch = run("query", "--batch", "-", "-i", names, stdin="robot\n").out
    assert json.loads(batch)["hits"][0]["note_id"] == "work:robot.md"


def test_hit_of_several_can_be_shown_as_it_is_printed(named, run):
    assert run("show", "work:robot.md").out.startswith("Robot\n")
    assert run("similar", "notes:rl/dpo.md", "--paths", "-k", "1").out == "rl/ppo.md\n"


def test_notes_and_tags_of_several_are_listed_together(named, run):
    listed = run("notes", "-i", "work,notes")
    assert (listed.code, listed.err, len(listed.out.splitlines())) == (ExitCode.OK, "", 6)
    assert "work:robot.md" in listed.out
    assert run("tags", "-i", "all").out == run("tags", "-i", "notes").out != ""


def test_note_is_looked_for_in_several_and_is_of_one(named, run, monkeypatch):
    assert run("show", "robot", "-i", "all").out.startswith("Robot\nid       work:robot.md\n")
    ended = run("similar", "robot", "-i", "all", "--paths")
    assert ended.out.startswith("notes:rl/")
    ended = run("show", "survey", "-i", "all")
    assert ended.err.splitlines()[-1] == (
        "notesearch: survey means 2 notes; choose one by its number, as in: notesearch show 1"
    )
    monkeypatch.setenv("EDITOR", "cat")
    for words in (["2"], ["2", "-i", "all"], ["notes:vision/survey.md", "-i", "all"]):
        assert run("show", *words).out.startswith("A Survey\n")
        assert run("show", *words, "--open").code == ExitCode.OK
    ended = run("show", "nonesuch", "-i", "all")
    assert ended.err.endswith("; to list them, run: notesearch notes -i work,notes\n")


def test_each_of_several_says_how_it_is_brought_in_step(named, run):
    (named / "work/new.md").write_text("# New\n\nAn owl.\n", encoding="utf-8")
    (named / "notes/new.md").write_text("# New\n\nAn owl and a bat.\n", encoding="utf-8")
    said = run("query", "robot", "-i", "all").err
    assert "run: notesearch index -i work\n" in said
    assert "run: notesearch index -i notes\n" in said
    found = run("query", "owl", "-i", "all", "--update", "--paths").out.splitlines()
    assert found[:2] == ["work:new.md", "notes:new.md"]


def test_indexes_of_two_models_are_not_asked_together(named, run, monkeypatch):
    Path("notesearch.yaml").write_text("precision: int8\n", encoding="utf-8")
    write_notes(Path("corpus"))
    assert run("index", "--name", "quick").code == ExitCode.OK
    ended = run("query", "robot", "-i", "all")
    assert (ended.code, ended.err.count("\n")) == (ExitCode.USAGE, 1)
    assert "ask them one after the other" in ended.err
