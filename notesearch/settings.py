"""Frozen settings: defaults, then `notesearch.yaml`, then the environment, then options.

A key nobody knows is an error that names the nearest known one: a setting misspelt is a
setting that silently does nothing.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from notesearch.corpus.rules import SPLITS, ReadingRule
from notesearch.embedding.choice import ModelChoice, Precision, RerankerChoice
from notesearch.errors import SettingsError

SETTINGS_FILE = "notesearch.yaml"
_ENVIRONMENT_PREFIX = "NOTESEARCH_"
FROM_ENVIRONMENT = ("corpus", "index", "model", "precision", "device", "rerank", "inline_tags")
_MODEL_TEXTS = ("device", "dtype", "revision", "query_prompt", "passage_prompt")
_MODEL_KEYS = (
    "model", "precision", *_MODEL_TEXTS, "truncate_dim", "trust_remote_code",
)  # fmt: skip
_RERANK_KEYS = ("rerank", "rerank_revision", "rerank_trust_remote_code")
_INLINE_TAGS = ("auto", "always", "never")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can set; the folders are absolute or relative to the working folder."""

    corpus: Path | None = None  # None: the one that the index was made of, or else ./corpus
    index: Path = Path("index")
    model: ModelChoice = field(default_factory=ModelChoice)
    rerank: RerankerChoice | None = None  # a cross-encoder that has the last word
    rerank_depth: int = 30  # passages that it reads for a question
    passage_tokens: int = 224  # the most tokens of a passage, where the model reads as many
    ignore: tuple[str, ...] = ()  # lines in gitignore syntax, beside .notesearchignore
    follow_links: bool = False  # read files and folders that links lead to outside the corpus
    inline_tags: str = "auto"  # read #hashtags in prose: auto, always or never
    reading: tuple[ReadingRule, ...] = ()
    source: Path | None = None  # the file that the settings were read from


_OWN_KEYS = [
    item.name for item in fields(Settings) if item.name not in ("source", "model", "rerank")
]
KEYS = [*_OWN_KEYS, *_MODEL_KEYS, *_RERANK_KEYS]


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings that hold here; without a `file`, ./notesearch.yaml if there is one."""
    if environment is None:
        environment = os.environ
    settings = Settings()
    if file is None and Path(SETTINGS_FILE).is_file():
        file = Path(SETTINGS_FILE)
    if file is not None:
        settings = _with_values(settings, _read(file), str(file), file.parent)
        settings = replace(settings, source=file)
    given = {
        name: environment[variable]
        for name in FROM_ENVIRONMENT
        if (variable := f"{_ENVIRONMENT_PREFIX}{name.upper()}") in environment
    }
    return _with_values(settings, given, "the environment", Path())


def _read(file: Path) -> dict[str, Any]:
    # 10 ms for yaml, which a query where there is no such file does not wait for.
    from notesearch.yaml_faults import YAML_FAULTS, describe_fault, load_yaml

    try:
        value = load_yaml(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{file} does not exist; name a settings file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    except YAML_FAULTS as error:
        raise SettingsError(f"{file}{describe_fault(error)}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SettingsError(f"{file}: settings are `key: value` lines, found {_kind(value)}")
    return value


def _with_values(settings: Settings, values: Mapping[str, Any], place: str, base: Path) -> Settings:
    changes: dict[str, Any] = {}
    model: dict[str, Any] = {}
    reranker: dict[str, Any] = {}
    for key, value in values.items():
        _check_key(str(key), KEYS, place)
        if key in _MODEL_KEYS:
            model["name" if key == "model" else key] = _model_value(key, value, place, base)
        elif key in _RERANK_KEYS:
            name = "name" if key == "rerank" else key.removeprefix("rerank_")
            reranker[name] = _model_value(key, value, place, base)
        else:
            changes[key] = _checked(key, value, place, base)
    if reranker:
        changes["rerank"] = _with_reranker(settings.rerank, reranker, place)
    return replace(settings, model=replace(settings.model, **model), **changes)


def _with_reranker(
    before: RerankerChoice | None, values: Mapping[str, Any], place: str
) -> RerankerChoice:
    if before is None and "name" not in values:
        given = ", ".join(f"rerank_{name}" for name in values)
        raise SettingsError(f"{place}: {given} without rerank; name a cross-encoder with rerank")
    return replace(before or RerankerChoice(""), **values)


def _check_key(key: str, known: list[str], place: str) -> None:
    if key in known:
        return
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    raise SettingsError(f"{place}: unknown setting {key}; {hint}")


def _checked(key: str, value: Any, place: str, base: Path) -> Any:  # noqa: ANN401 - from YAML
    if key in ("corpus", "index"):
        return base / Path(_text(key, value, place)).expanduser()
    if key == "inline_tags":
        return _one_of(key, value, _INLINE_TAGS, place)
    if key == "ignore":
        return _texts(key, value, place)
    if key == "follow_links":
        return _truth(key, value, place)
    if key in ("passage_tokens", "rerank_depth"):
        return _number(key, value, place)
    return _rules(value, place)


def _model_value(key: str, value: Any, place: str, base: Path) -> Any:  # noqa: ANN401
    if key in ("model", "rerank"):
        name = _text(key, value, place)
        folder = base / Path(name).expanduser()
        return str(folder) if folder.is_dir() else name
    if key == "precision":
        return Precision(_one_of(key, value, tuple(one.value for one in Precision), place))
    if key == "truncate_dim":
        return _number(key, value, place)
    if key in ("trust_remote_code", "rerank_trust_remote_code"):
        return _truth(key, value, place)
    if key in ("query_prompt", "passage_prompt") and value == "":
        return ""  # no prompt at all, where the model has one
    return _text(key, value, place)


def _number(key: str, value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingsError(f"{place}: {key} must be a number from 1 on, found {value!r}")
    return value


def _truth(key: str, value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{place}: {key} must be true or false, found {value!r}")
    return value


def _text(key: str, value: object, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{place}: {key} must be a text, found {_kind(value)}")
    return value


def _texts(key: str, value: object, place: str) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise SettingsError(f"{place}: {key} must be a list of texts, found {_kind(value)}")
    return tuple(items)


def _one_of(key: str, value: object, allowed: tuple[str, ...], place: str) -> str:
    if value not in allowed:
        raise SettingsError(f"{place}: {key} must be one of {', '.join(allowed)}, found {value!r}")
    return str(value)


def _rules(value: object, place: str) -> tuple[ReadingRule, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise SettingsError(f"{place}: reading must be a list of rules, found {_kind(value)}")
    return tuple(_rule(item, f"{place}: reading rule {n}") for n, item in enumerate(value, 1))


def _rule(item: Mapping[str, Any], place: str) -> ReadingRule:
    known = [entry.name for entry in fields(ReadingRule) if entry.name != "level"]
    for key in item:
        _check_key(str(key), known, place)
    if "files" not in item:
        raise SettingsError(f"{place}: files is missing; give a pattern such as digests/*.md")
    split, level = _split(item.get("split"), place)
    start = item.get("record_start")
    if start is not None:
        try:
            re.compile(_text("record_start", start, place))
        except re.error as error:
            raise SettingsError(f"{place}: record_start is no pattern: {error}") from error
    inline_tags = item.get("inline_tags")
    if inline_tags is not None:
        inline_tags = _truth("inline_tags", inline_tags, place)
    return ReadingRule(
        files=_text("files", item["files"], place),
        split=split,
        level=level,
        record_start=start,
        inline_tags=inline_tags,
        tags=_texts("tags", item.get("tags", []), place),
    )


def _split(value: object, place: str) -> tuple[str | None, int | None]:
    """Read `headings`, `heading 4`, `rows`, …; also with the level, which headings may have."""
    if value is None:
        return None, None
    match = re.fullmatch(r"headings? +([1-6])", value) if isinstance(value, str) else None
    if match:
        return "headings", int(match[1])
    allowed = ", ".join([*SPLITS, "heading 1 to heading 6"])
    if value not in SPLITS:
        raise SettingsError(f"{place}: split must be one of {allowed}, found {value!r}")
    return str(value), None


def _kind(value: object) -> str:
    names = {dict: "a table", list: "a list", str: "a text", bool: "a truth value", int: "a number"}
    return "nothing" if value is None else names.get(type(value), repr(value))
