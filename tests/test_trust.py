"""A settings file that is found in a folder is data until the person trusts it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from notesearch import trust
from notesearch.embedding import ModelChoice, RerankerChoice
from notesearch.errors import NotesearchWarning
from notesearch.settings import KEYS, Settings, load_settings
from notesearch.settings_file import read_settings_file, user_settings_file

RISKY = """
model: model
endpoint: http://localhost/v1
trust_remote_code: true
revision: main
rerank: some/cross-encoder
rerank_revision: main
rerank_trust_remote_code: true
corpus: ../elsewhere
index: /var/index
follow_links: true
bibliography: [refs.bib, ../refs.bib]
editor: emacs
"""


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of notes with a settings file, as the working folder; nothing is trusted yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "notes"
    (folder / "model").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def load(text: str | None = None) -> tuple[Settings, list[str]]:
    if text is not None:
        Path("notesearch.yaml").write_text(text, encoding="utf-8")
    warnings: list[str] = []
    return load_settings(None, {}, warn=warnings.append), warnings


def accept() -> None:
    file = read_settings_file(Path("notesearch.yaml"))
    trust.trust(file.path, file.content)


def test_what_runs_code_fetches_or_leads_out_is_left_out_with_one_line(found):
    settings, warnings = load(RISKY + "precision: int8\nignore: [drafts/]\n")
    assert set(settings.left_out) == {name for name, key in KEYS.items() if key.needs_trust}
    assert settings.model == ModelChoice()
    assert not settings.follow_links
    assert settings.editor == ""
    assert (settings.rerank, settings.corpus, settings.index) == (None, None, Path("index"))
    assert settings.ignore == ("drafts/",)
    (line,) = warnings
    assert line.startswith(
        "notesearch.yaml: left out model, endpoint, trust_remote_code, revision, rerank, "
    )
    assert line.endswith("run: notesearch trust")


@pytest.mark.parametrize(
    "text",
    [
        "model: notesearch-encoder\n",
        "model: all-MiniLM-L6-v2\n",
        "model: sentence-transformers/all-MiniLM-L6-v2\n",
        "trust_remote_code: false\n",
        "corpus: notes/deep\nindex: ./index\n",
        "corpus: .\n",
        "precision: int8\ndevice: cpu\nquery_prompt: 'q: '\ntruncate_dim: 128\n",
        "reading: [{files: a.md, split: rows}]\nignore: [b]\npassage_tokens: 100\n",
    ],
)
def test_what_is_harmless_counts_at_once(found, text):
    settings, warnings = load(text)
    assert (settings.left_out, warnings) == ((), [])
    assert settings == load_settings(Path("notesearch.yaml"), {})


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("model: BAAI/bge-small-en\n", ("model",)),
        ("model: ./model\n", ("model",)),
        ("model: openai:notesearch-encoder\n", ("model",)),
        ("model: openai:x\nendpoint: http://localhost/v1\n", ("model", "endpoint")),
        ("endpoint: http://localhost/v1\n", ("endpoint",)),
        ("corpus: link\n", ("corpus",)),
        ("corpus: link/inside\n", ("corpus",)),
        ("index: model/../../out\n", ("index",)),
        ("index: ~\n", ("index",)),
        ("bibliography: ../refs.bib\n", ("bibliography",)),
        ("bibliography: [refs.bib, link/refs.bib]\n", ("bibliography",)),
        ("rerank: x/y\nrerank_trust_remote_code: false\n", ("rerank",)),
    ],
)
def test_each_way_out_is_left_out(found, tmp_path, text, left_out):
    (tmp_path / "private").mkdir()
    (found / "link").symlink_to(tmp_path / "private")
    settings, warnings = load(text.replace("~\n", "'~'\n"))
    assert settings.left_out == left_out
    assert len(warnings) == 1
    assert settings == Settings(left_out=left_out)


def test_what_belongs_to_a_model_that_is_left_out_is_left_out_with_it(found):
    settings, warnings = load("model: ./model\nprecision: float32\nquery_prompt: 'q: '\n")
    assert settings.model == ModelChoice()
    assert len(warnings) == 1


def test_folder_called_like_the_bundled_model_does_not_take_its_place(found):
    (found / "all-MiniLM-L6-v2").mkdir()
    settings, warnings = load("model: all-MiniLM-L6-v2\n")
    assert (settings.model.name, warnings) == ("all-MiniLM-L6-v2", [])


def test_trusted_file_counts_whole(found):
    load(RISKY)
    accept()
    settings, warnings = load()
    assert (settings.left_out, warnings) == ((), [])
    assert settings.model == ModelChoice(
        str(found / "model"),
        revision="main",
        trust_remote_code=True,
        endpoint="http://localhost/v1",
    )
    assert settings.rerank == RerankerChoice("some/cross-encoder", "main", True)
    assert settings.corpus == Path("../elsewhere")
    assert settings.editor == "emacs"


def test_changed_file_asks_again(found):
    load("model: model\n")
    accept()
    assert load()[1] == []
    assert load("model: model\n# more\n")[0].left_out == ("model",)
    assert load("model: model\n")[0].left_out == ()


def test_same_file_in_another_folder_asks_again(found, tmp_path, monkeypatch):
    load("model: model\n")
    accept()
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    Path("notesearch.yaml").symlink_to(found / "notesearch.yaml")
    assert load()[0].left_out == ("model",)


def test_folder_reached_over_a_link_is_the_same_folder(found, tmp_path, monkeypatch):
    load("model: model\n")
    accept()
    (tmp_path / "short").symlink_to(found)
    monkeypatch.chdir(tmp_path / "short")
    assert load()[1] == []


def test_trust_is_taken_back(found):
    load("model: model\n")
    accept()
    assert trust.list_trusted() == [found / "notesearch.yaml"]
    assert trust.distrust(Path("notesearch.yaml"))
    assert not trust.distrust(Path("notesearch.yaml"))
    assert trust.list_trusted() == []
    assert load()[0].left_out == ("model",)


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"path": 1, "sha256": 2}', "\x00"])
def test_damaged_entry_is_no_trust(found, tmp_path, damage):
    load("model: model\n")
    accept()
    (entry,) = (tmp_path / "state").rglob("*.json")
    entry.write_text(damage)
    assert load()[0].left_out == ("model",)


def test_what_is_trusted_is_kept_for_its_owner_alone(found, tmp_path):
    load("model: model\n")
    before = os.umask(0)
    try:
        accept()
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").rglob("*.json")}
    assert modes == {0o600}
    folders = [path for path in (tmp_path / "state").rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


# ------------------------------------------------------------ what the person names counts


def test_file_that_is_named_counts_whole(found):
    Path("notesearch.yaml").write_text(RISKY)
    warnings: list[str] = []
    settings = load_settings(Path("notesearch.yaml"), {}, warn=warnings.append)
    assert (settings.left_out, warnings, settings.model.trust_remote_code) == ((), [], True)


def test_environment_counts(found):
    environment = {"NOTESEARCH_MODEL": "some/model", "NOTESEARCH_CORPUS": "/elsewhere"}
    settings = load_settings(None, environment)
    assert (settings.model.name, settings.corpus) == ("some/model", Path("/elsewhere"))


def write_own(text: str) -> None:
    user_settings_file().parent.mkdir(parents=True, exist_ok=True)
    user_settings_file().write_text(text, encoding="utf-8")


def test_own_settings_stand_below_those_of_the_folder(found, tmp_path):
    write_own("corpus: ../mine\nmodel: some/model\npassage_tokens: 100\nprecision: int8\n")
    settings, warnings = load("precision: float32\nignore: [a]\n")
    assert (settings.model.name, settings.passage_tokens) == ("some/model", 100)
    assert settings.corpus == user_settings_file().parent / "../mine"
    assert (settings.model.precision.value, settings.ignore, warnings) == ("float32", ("a",), [])
    by_environment = load_settings(None, {"NOTESEARCH_PRECISION": "float32"})
    assert by_environment.model.precision.value == "float32"


def test_own_settings_hold_without_a_file_in_the_folder(found):
    write_own("model: model\n")
    (user_settings_file().parent / "model").mkdir()
    settings, warnings = load()
    assert (settings.model.name, warnings) == (str(user_settings_file().parent / "model"), [])


def test_found_file_leads_a_served_model_to_no_other_server(found):
    write_own("model: openai:mine\nendpoint: http://localhost:1/v1\n")
    mine = ModelChoice("openai:mine", endpoint="http://localhost:1/v1")
    assert load()[0].model == mine
    for text in (
        "endpoint: http://elsewhere/v1\n",
        "model: openai:theirs\nendpoint: http://elsewhere/v1\n",
        "model: openai:theirs\n",
        "model: openai:mine\nendpoint: http://elsewhere/v1\n",
    ):
        assert load(text)[0].model == mine
    assert load("model: notesearch-encoder\n")[0].model == ModelChoice()


def test_endpoint_belongs_to_the_model_that_it_is_named_with(found):
    write_own("model: openai:mine\nendpoint: http://localhost:1/v1\n")
    environment = {"NOTESEARCH_MODEL": "openai:other"}
    assert load_settings(None, environment).model == ModelChoice("openai:other")
    environment["NOTESEARCH_ENDPOINT"] = "http://localhost:2/v1"
    given = ModelChoice("openai:other", endpoint="http://localhost:2/v1")
    assert load_settings(None, environment).model == given


def test_fault_in_the_own_settings_names_their_file(found):
    write_own("modell: x\n")
    with pytest.raises(Exception, match=r"config\.yaml: unknown setting modell; did you mean"):
        load()


def test_trust_in_the_code_of_one_model_does_not_pass_to_another(found):
    write_own("model: some/model\ntrust_remote_code: true\nrevision: v1\nquery_prompt: 'q: '\n")
    assert load()[0].model.trust_remote_code
    load("model: other/model\n")
    accept()
    assert load()[0].model == ModelChoice("other/model")
    environment = {"NOTESEARCH_MODEL": "third/model"}
    assert load_settings(None, environment).model == ModelChoice("third/model")


def test_library_warns_as_python_does(found):
    Path("notesearch.yaml").write_text("model: model\n")
    with pytest.warns(NotesearchWarning, match="left out model: a file that came with a folder"):
        load_settings(None, {})
