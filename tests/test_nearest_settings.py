"""The nearest notesearch.yaml counts, here or in a folder above, and is not trusted more for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch import trust
from notesearch.errors import CorpusError, SettingsError, UnusableIndexError
from notesearch.library import Index
from notesearch.settings import Settings, load_settings
from notesearch.settings_file import nearest_settings_file, read_settings_file
from tests.fakes import WordEmbedder


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a settings file; the working folder lies two below it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    deep = tmp_path / "top/notes/deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    return tmp_path / "top"


def load(top: Path, text: str) -> tuple[Settings, list[str]]:
    (top / "notesearch.yaml").write_text(text, encoding="utf-8")
    warnings: list[str] = []
    return load_settings(None, {}, warn=warnings.append), warnings


def test_file_above_the_working_folder_counts_and_its_folders_are_beside_it(top):
    settings, warnings = load(top, "corpus: notes\nprecision: int8\n")
    assert (settings.corpus, settings.index) == (top / "notes", top / "index")
    assert (settings.model.precision.value, warnings) == ("int8", [])
    assert (settings.root, settings.file) == (top, top / "notesearch.yaml")
    assert settings.places["corpus"] == str(top / "notesearch.yaml")


def test_nearest_file_alone_counts(top):
    load(top, "passage_tokens: 9\n")
    (top / "notes/notesearch.yaml").write_text("inline_tags: never\n", encoding="utf-8")
    settings = load_settings(None, {})
    assert (settings.inline_tags, settings.passage_tokens) == ("never", 224)
    Path("notesearch.yaml").write_text("", encoding="utf-8")
    assert nearest_settings_file() == Path("notesearch.yaml")
    assert load_settings(None, {}) == Settings()


def test_named_file_leaves_those_above_out(top, tmp_path):
    load(top, "passage_tokens: 9\n")
    (tmp_path / "mine.yaml").write_text("inline_tags: never\n", encoding="utf-8")
    assert load_settings(tmp_path / "mine.yaml", {}).passage_tokens == 224


def test_index_of_the_own_settings_stays_where_a_file_above_names_none(top, tmp_path):
    (tmp_path / "config/notesearch").mkdir(parents=True)
    (tmp_path / "config/notesearch/config.yaml").write_text("index: /mine\n", encoding="utf-8")
    assert load(top, "inline_tags: never\n")[0].index == Path("/mine")


RISKY = "model: some/model\ntrust_remote_code: true\ncorpus: ..\nindex: /var/index\neditor: emacs\n"


def test_file_above_needs_the_same_trust_as_one_in_the_folder(top):
    settings, warnings = load(top, RISKY + "precision: int8\n")
    assert settings.left_out == ("model", "trust_remote_code", "corpus", "index", "editor")
    assert (settings.model.name, settings.corpus) == ("notesearch-encoder", None)
    assert (settings.index, settings.model.precision) == (top / "index", None)
    assert settings.editor == ""
    (line,) = warnings
    assert line.startswith(f"{top}/notesearch.yaml: left out model, trust_remote_code, corpus, ")
    assert line.endswith(f"run: notesearch trust {top}/notesearch.yaml")

    file = read_settings_file(top / "notesearch.yaml")
    trust.trust(file.path, file.content)
    settings, warnings = load(top, RISKY + "precision: int8\n")
    assert (settings.left_out, settings.index, warnings) == ((), Path("/var/index"), [])
    assert settings.editor == "emacs"


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file away")
@pytest.mark.parametrize("text", ["passage_tokens: 9\n", "nonesuch: 1\n", "a: [", "\0"])
def test_file_above_of_another_user_is_not_even_read(top, text):
    load(top, "passage_tokens: 9\n")
    (top / "notesearch.yaml").write_text(text, encoding="utf-8")
    os.chown(top / "notesearch.yaml", 12345, 12345)
    warnings: list[str] = []
    assert load_settings(None, {}, warn=warnings.append) == Settings()
    assert warnings == [
        f"{top}/notesearch.yaml: left out, as it is another user's file; "
        f"to accept it, run: notesearch trust {top}/notesearch.yaml"
    ]


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file away")
def test_file_above_of_another_user_counts_once_it_is_trusted(top):
    load(top, "passage_tokens: 9\n")
    os.chown(top / "notesearch.yaml", 12345, 12345)
    file = read_settings_file(top / "notesearch.yaml")
    trust.trust(file.path, file.content)
    assert load_settings(None, {}).passage_tokens == 9


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file away")
def test_link_of_another_user_to_a_file_of_ours_does_not_count(top, tmp_path):
    (tmp_path / "mine.yaml").write_text("passage_tokens: 9\n", encoding="utf-8")
    (top / "notesearch.yaml").symlink_to(tmp_path / "mine.yaml")
    os.chown(top / "notesearch.yaml", 12345, 12345, follow_symlinks=False)
    warnings: list[str] = []
    assert load_settings(None, {}, warn=warnings.append).passage_tokens == 224
    assert len(warnings) == 1


def test_what_is_no_file_above_is_an_error_as_in_the_folder(top):
    os.mkfifo(top / "notesearch.yaml")
    with pytest.raises(SettingsError, match=r"top/notesearch\.yaml is no regular file"):
        load_settings(None, {})


@pytest.mark.parametrize("name", ["index", "corpus"])
def test_link_beside_a_file_above_does_not_lead_out(top, tmp_path, name):
    (tmp_path / "private").mkdir()
    (top / name).symlink_to(tmp_path / "private")
    settings, _ = load(top, "inline_tags: never\n")
    with (
        pytest.raises((CorpusError, UnusableIndexError), match=f"top/{name} is a link out of"),
        Index.open(embedder=WordEmbedder(), create=True, settings=settings) as index,
    ):
        index.update()
