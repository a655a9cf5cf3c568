from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.corpus.reading_rules import ReadingOptions, ReadingRule
from notesearch.embedding import Precision, RerankerChoice
from notesearch.errors import SettingsError
from notesearch.settings import KEYS, Settings, load_settings


def load(tmp_path: Path, text: str | bytes, **environment: str) -> Settings:
    file = tmp_path / "notesearch.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(file, environment)


def test_without_a_file_the_defaults_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}) == Settings()


def test_file_in_the_working_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notesearch.yaml").write_text("corpus: papers\n", encoding="utf-8")
    settings = load_settings(None, {})
    assert settings.corpus == Path("papers")


@pytest.mark.parametrize("text", ["", "# nothing set\n"])
def test_empty_file_sets_nothing(tmp_path, text):
    settings = load(tmp_path, text)
    assert settings == Settings()


def test_folders_are_relative_to_the_file(tmp_path):
    settings = load(tmp_path, "corpus: notes\nindex: /var/index\n")
    assert (settings.corpus, settings.index) == (tmp_path / "notes", Path("/var/index"))


def test_environment_goes_before_the_file(tmp_path):
    settings = load(
        tmp_path,
        "corpus: notes\nmodel: small\n",
        NOTESEARCH_CORPUS="elsewhere",
        NOTESEARCH_INLINE_TAGS="never",
        OTHER="x",
    )
    assert (settings.corpus, settings.model.name) == (Path("elsewhere"), "small")
    assert settings.inline_tags == "never"


@pytest.mark.parametrize(
    ("inline_tags", "option"), [("auto", None), ("always", True), ("never", False)]
)
def test_reading_of_a_corpus_has_its_own_options(inline_tags, option):
    settings = Settings(ignore=("a",), inline_tags=inline_tags, passage_tokens=9)
    assert settings.reading_options == ReadingOptions(
        ignore=("a",), follow_links=False, inline_tags=option, rules=(), passage_tokens=9
    )


@pytest.mark.parametrize("precision", Precision)
def test_precision_is_named_in_the_file_or_the_environment(tmp_path, precision):
    assert load(tmp_path, f"precision: {precision.value}\n").model.precision is precision
    settings = load(tmp_path, "", NOTESEARCH_PRECISION=precision.value)
    assert settings.model.precision is precision


def test_dtype_is_named_in_the_file(tmp_path):
    assert load(tmp_path, "dtype: bfloat16\n").model.dtype == "bfloat16"


def test_reranker_is_off_unless_it_is_named(tmp_path):
    assert load(tmp_path, "model: small\n").rerank is None
    settings = load(
        tmp_path,
        "rerank: some/cross-encoder\nrerank_revision: v1\nrerank_trust_remote_code: true\n",
    )
    assert settings.rerank == RerankerChoice("some/cross-encoder", "v1", trust_remote_code=True)
    assert (settings.rerank_depth, settings.model.trust_remote_code) == (30, False)


def test_reranker_in_a_folder_is_relative_to_the_file(tmp_path):
    (tmp_path / "ranker").mkdir()
    settings = load(tmp_path, "rerank: ranker\nrerank_depth: 5\n")
    assert settings.rerank == RerankerChoice(str(tmp_path / "ranker"))
    assert settings.rerank_depth == 5


def test_reranker_of_the_environment_goes_before_that_of_the_file(tmp_path):
    settings = load(tmp_path, "rerank: one\n", NOTESEARCH_RERANK="two")
    assert settings.rerank == RerankerChoice("two")


def test_every_key_is_read(tmp_path):
    settings = load(
        tmp_path,
        """
corpus: notes
index: index
model: all-MiniLM-L6-v2
ignore: [drafts/, "*.txt"]
inline_tags: always
follow_links: true
reading:
  - files: digests/*.md
    split: heading 4
    tags: [digest]
  - files: "*.txt"
    record_start: '^TL;DR'
    inline_tags: false
  - files: README.md
    split: index page
""",
    )
    assert settings.ignore == ("drafts/", "*.txt")
    assert settings.inline_tags == "always"
    assert settings.follow_links is True
    assert settings.reading == (
        ReadingRule("digests/*.md", split="headings", level=4, tags=("digest",)),
        ReadingRule("*.txt", record_start="^TL;DR", inline_tags=False),
        ReadingRule("README.md", split="index page"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "zzz: 1",
            "unknown setting zzz; known are bibliography, corpus, device, dtype, editor, endpoint",
        ),
        ("source: x", "unknown setting source"),
        ("1: x", "unknown setting 1"),
        ("rerank_revision: main", "rerank_revision without rerank; name a cross-encoder"),
        ("reading:\n  - {files: a, record_start: '[[:x'}", "record_start is no pattern"),
        ("a: " + "[" * 3_000, "not YAML"),
        ("index: x\ntrust_remote_code: !!bool x", "line 2: not YAML: 'x' is no bool"),
        ('index: x\nrerank_depth: !!int ""', "line 2: not YAML: '' is no int"),
        ('index: x\nrerank_depth: !!float ""', "line 2: not YAML: '' is no float"),
        ("index: x\nrerank_depth: " + "9" * 6_000, "line 2: not YAML: a number of 6,000 digits"),
        ("index: x\nrerank_depth: 59" + ":59" * 6_000, "line 2: not YAML: a number of 18,002"),
        (
            "\n".join(
                ["ignore:", *(f" - &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
            ).replace("*a0", "x")
            + "\nprecision: *a39",
            "not YAML: it uses aliases",
        ),
        (b"\xff\xfe\xfa", "cannot be read: it is not UTF-8 from byte 0 on; save it as UTF-8"),
        ("precision: 0x" + "f" * 6_000, "line 1: not YAML: a number of 6,002 digits"),
        ("? 0x" + "f" * 6_000 + "\n: 1", "line 1: not YAML: a number of 6,002 digits"),
        ("? [a, b]\n: 1", "not YAML|unknown setting a tuple"),
        ('"a\\nb\\e": 1', r"unknown setting a\\nb\\x1b; known are"),
        ("x" * 900 + ": 1", "unknown setting x{60}…; known are"),
        ("precision: " + "x" * 5_000, r"one of float32, int8, found 'x{60}…'"),
        ("model: " + "m" * 5_000, "model cannot be a path: 'm{60}…'"),
        ("reading:\n  - {files: a, record_start: '" + "(" * 5_000 + "'}", "is no pattern"),
        ("ignore: [a]\n#" + "x" * 1_100_000, "is larger than 1 MB"),
    ],
)
def test_fault_is_named_with_file_and_remedy(tmp_path, text, message):
    with pytest.raises(SettingsError, match=message) as error:
        load(tmp_path, text)
    assert "notesearch.yaml" in str(error.value)
    assert "\n" not in str(error.value)


BOMB = (
    "{key}: ["
    + ", ".join(f"&{n} [{', '.join([f'*{n - 1}' if n else 'x'] * 9)}]" for n in range(12))
    + "]\n"
)


@pytest.mark.parametrize("key", KEYS)
def test_alias_bomb_under_any_key_is_one_short_error(tmp_path, key):
    # 9^12 items if they were written out: this ends only where they are not.
    with pytest.raises(SettingsError, match=r"notesearch\.yaml") as error:
        load(tmp_path, BOMB.format(key=key))
    assert len(str(error.value)) < 300


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "finding"),
    [
        (make_pipe, "notesearch.yaml is no regular file"),
        (Path.mkdir, "notesearch.yaml is no regular file"),
        (lambda path: path.symlink_to("nowhere"), "notesearch.yaml does not exist"),
        (lambda path: path.symlink_to(path), "notesearch.yaml cannot be read: Too many levels"),
        (lambda path: path.symlink_to("/dev/zero"), "notesearch.yaml is no regular file"),
    ],
)
def test_what_is_no_file_is_an_error_at_once(tmp_path, monkeypatch, make, finding):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "notesearch.yaml")
    with pytest.raises(SettingsError, match=finding):
        load_settings(None, {})
    with pytest.raises(SettingsError, match=finding):
        load_settings(tmp_path / "notesearch.yaml", {})


# ------------------------------------------------------------ the environment


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_variable_is_unset(empty):
    assert load_settings(None, {"NOTESEARCH_MODEL": empty, "NOTESEARCH_XYZ": empty}) == Settings()


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        (
            "NOTESEARCH_MODLE",
            "the environment: NOTESEARCH_MODLE is not known; did you mean NOTESEARCH_MODEL?",
        ),
        (
            "NOTESEARCH_RERANK_DEPTH",
            "NOTESEARCH_RERANK_DEPTH is not read from the environment; "
            "set rerank_depth in notesearch.yaml",
        ),
        (
            "NOTESEARCH_ZZZ",
            "the environment: NOTESEARCH_ZZZ is not known; known are "
            "NOTESEARCH_CORPUS, NOTESEARCH_DEVICE, NOTESEARCH_ENDPOINT, NOTESEARCH_INDEX, "
            "NOTESEARCH_INLINE_TAGS, NOTESEARCH_MODEL, NOTESEARCH_PRECISION, "
            "NOTESEARCH_RERANK, NOTESEARCH_UPDATE",
        ),
    ],
)
def test_unknown_variable_is_a_warning_with_the_nearest(variable, message):
    warnings: list[str] = []
    assert load_settings(None, {variable: "x"}, warn=warnings.append) == Settings()
    assert warnings == [message]


def test_variables_of_the_tests_and_the_command_are_known():
    environment = {"NOTESEARCH_DATA": "x", "NOTESEARCH_DEBUG": "1", "OTHER_NOTESEARCH_X": "1"}
    assert load_settings(None, environment, warn=pytest.fail) == Settings()


def test_name_like_a_hub_id_in_the_environment_is_no_folder_of_the_working_folder(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some" / "model").mkdir(parents=True)
    assert load_settings(None, {"NOTESEARCH_MODEL": "some/model"}).model.name == "some/model"
    settings = load_settings(None, {"NOTESEARCH_MODEL": "./some/model"})
    assert settings.model.name == str(tmp_path / "some" / "model")
