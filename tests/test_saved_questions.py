"""Questions that are saved by a name, in a file that a person edits too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import Settings
from notesearch.errors import SettingsError, UsageError
from notesearch.saved_questions import (
    questions_file,
    read_questions,
    remove_question,
    save_question,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "saved-questions.yaml"


def test_questions_keep_their_order_and_a_name_is_replaced(file: Path) -> None:
    assert read_questions(file) == {}
    assert save_question(file, "rh", "reward  hacking tag:rl") is None
    assert save_question(file, "dpo", 'why "DPO" works: a -tag:survey') is None
    assert save_question(file, "rh", "reward hacking") == "reward hacking tag:rl"
    assert list(read_questions(file).items()) == [
        ("rh", "reward hacking"),
        ("dpo", 'why "DPO" works: a -tag:survey'),
    ]
    assert remove_question(file, "rh") == "reward hacking"
    assert list(read_questions(file)) == ["dpo"]


def test_what_a_person_wrote_into_the_file_stays(file: Path) -> None:
    file.write_text("# mine\n\nrh: reward hacking  # weekly\n# and\nkl: 'KL'\n", encoding="utf-8")
    save_question(file, "new", "sandbagging")
    save_question(file, "kl", "KL of what")
    remove_question(file, "rh")
    assert file.read_text(encoding="utf-8") == (
        "# mine\n\n# and\nkl: KL of what\nnew: sandbagging\n"
    )


def test_a_question_of_several_lines_is_read_and_replaced(file: Path) -> None:
    file.write_text("rh: >\n  reward\n  hacking\nkl: KL\n", encoding="utf-8")
    assert read_questions(file) == {"rh": "reward hacking", "kl": "KL"}
    save_question(file, "rh", "other")
    assert read_questions(file) == {"rh": "other", "kl": "KL"}


@given(st.text(min_size=1, max_size=60).filter(lambda text: text.split() and "\x00" not in text))
def test_any_question_is_read_back_as_it_was_saved(
    tmp_path_factory: pytest.TempPathFactory, question: str
) -> None:
    file = tmp_path_factory.mktemp("saved") / "saved-questions.yaml"
    try:
        question.encode()
    except UnicodeEncodeError:
        return
    save_question(file, "before", "a")
    save_question(file, "any", question)
    save_question(file, "after", "b")
    assert read_questions(file) == {"before": "a", "any": " ".join(question.split()), "after": "b"}


@pytest.mark.parametrize("name", ["", "1st", "a b", "yes", "Null", "a:b", "x" * 41, "@rh", "a/b"])
def test_what_is_no_name_is_refused(file: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a question; take up to 40 letters"):
        save_question(file, name, "reward")
    assert not file.exists()


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("rh: [reward\n", "line 2"),
        ("- reward\n", "write lines such as rh: reward hacking"),
        ("rh: 7\n", "rh is no question"),
        ("rh: {a: b}\n", "rh is no question"),
        ("2026: reward\n", "'2026' is no name for a question"),
        ("rh: !!python/object/apply:os.system [ls]\n", "line 1"),
        ("a: &x reward\nb: *x\n", "line 2"),
        ("rh: " + "x" * 2001, "rh is no question"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_is_left_alone(
    file: Path, content: str, finding: str
) -> None:
    file.write_text(content, encoding="utf-8")
    for act in (
        lambda: read_questions(file),
        lambda: save_question(file, "new", "reward"),
        lambda: remove_question(file, "rh"),
    ):
        with pytest.raises(SettingsError) as raised:
            act()
        assert str(file) in str(raised.value)
        assert finding in str(raised.value)
        assert "\n" not in str(raised.value)
    assert file.read_text(encoding="utf-8") == content


def test_a_pipe_and_a_folder_in_place_of_the_file_are_refused_at_once(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(SettingsError, match="is no regular file"):
        read_questions(file)
    file.unlink()
    file.mkdir()
    with pytest.raises(SettingsError):
        read_questions(file)


def test_a_link_is_replaced_and_what_it_leads_to_is_not_written(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("# theirs\n", encoding="utf-8")
    file.symlink_to(target)
    save_question(file, "rh", "reward")
    assert target.read_text(encoding="utf-8") == "# theirs\n"
    assert read_questions(file) == {"rh": "reward"}


def test_the_file_lies_beside_the_settings_that_hold_or_in_the_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    beside = Settings(file=tmp_path / "notes/notesearch.yaml")
    assert questions_file(beside) == tmp_path / "notes/saved-questions.yaml"
    assert questions_file(Settings()) == tmp_path / "config/notesearch/saved-questions.yaml"
