"""Check the value of each setting and turn it into what the program works with.

Every function takes the key, the value as YAML or the environment has it, and the place that an
error names. SettingsError says place, finding and what is allowed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from notesearch.corpus.reading_rules import (
    SPLITS,
    PathPatterns,
    PatternError,
    ReadingRule,
    compile_record_start,
)
from notesearch.embedding.model_choice import DTYPES, Precision
from notesearch.embedding.model_files import BUNDLED_NAMES, is_hub_id
from notesearch.errors import SettingsError

FOLDERS = ("corpus", "index")
MODELS = ("model", "rerank")
TRUST_KEYS = ("trust_remote_code", "rerank_trust_remote_code")
_INLINE_TAGS = ("auto", "always", "never")
_LONGEST_SHOWN = 60  # characters of a value in a message
_LONGEST_PATH = 4096
_LARGEST = 1_000_000_000  # number, so that no counter overflows


def check_key(key: object, known: Iterable[str], place: str) -> None:
    """Refuse a key that nobody knows, with the nearest one that somebody does."""
    known = sorted(known)
    if key in known:
        return
    text = key if isinstance(key, str) else ""
    near = difflib.get_close_matches(text[:_LONGEST_SHOWN], known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    raise SettingsError(f"{place}: unknown setting {_show_key(key)}; {hint}")


def own_value(key: str, value: object, place: str, base: Path) -> Any:  # noqa: ANN401 - by the key
    """Return the value of a setting that is no model's."""
    if key in FOLDERS:
        return folder_value(key, value, place, base)
    if key == "follow_links":
        return _truth(key, value, place)
    if key == "inline_tags":
        return _one_of(key, value, _INLINE_TAGS, place)
    if key == "ignore":
        return _texts(key, value, place)
    if key in ("passage_tokens", "rerank_depth"):
        return _number(key, value, place)
    return _rules(value, place)


def model_value(key: str, value: object, place: str, base: Path | None) -> Any:  # noqa: ANN401
    """Return the value of a setting of the embedding model or the cross-encoder.

    A name stands for a folder below `base` where there is one; without a base it does so only
    where it is written as a path (`./model`), so that no folder takes the place of a hub model.
    """
    if key in MODELS:
        return _model_name(key, value, place, base)
    if key == "precision":
        return Precision(_one_of(key, value, tuple(one.value for one in Precision), place))
    if key == "dtype":
        return _one_of(key, value, DTYPES, place)
    if key == "truncate_dim":
        return _number(key, value, place)
    if key in TRUST_KEYS:
        return _truth(key, value, place)
    if key in ("query_prompt", "passage_prompt") and value == "":
        return ""  # no prompt at all, where the model has one
    return _text(key, value, place)


def folder_value(key: str, value: object, place: str, base: Path) -> Path:
    """Return the path that a text names, relative to `base`."""
    text = _text(key, value, place)
    if "\0" in text or len(text) > _LONGEST_PATH:
        raise SettingsError(f"{place}: {key} cannot be a path: {show(text)}; name a folder")
    try:
        return base / Path(text).expanduser()
    except RuntimeError as error:  # ~name of a user who does not exist
        raise SettingsError(f"{place}: {key}: no home folder for {show(text)}") from error


def _model_name(key: str, value: object, place: str, base: Path | None) -> str:
    name = _text(key, value, place).strip()
    if name in BUNDLED_NAMES or (base is None and is_hub_id(name)):
        return name
    folder = folder_value(key, name, place, base or Path())
    try:
        return str(folder.absolute()) if folder.is_dir() else name
    except OSError as error:
        raise SettingsError(
            f"{place}: {key} {show(name)} cannot be looked up: {error.strerror}"
        ) from error


def _number(key: str, value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LARGEST:
        raise SettingsError(
            f"{place}: {key} must be a number from 1 to {_LARGEST:,}, found {show(value)}"
        )
    return value


def _truth(key: str, value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{place}: {key} must be true or false, found {show(value)}")
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
    if not isinstance(value, str) or value not in allowed:
        raise SettingsError(
            f"{place}: {key} must be one of {', '.join(allowed)}, found {show(value)}"
        )
    return value


def _rules(value: object, place: str) -> tuple[ReadingRule, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise SettingsError(f"{place}: reading must be a list of rules, found {_kind(value)}")
    return tuple(_rule(item, f"{place}: reading rule {n}") for n, item in enumerate(value, 1))


def _rule(item: Mapping[str, Any], place: str) -> ReadingRule:
    known = [entry.name for entry in fields(ReadingRule) if entry.name != "level"]
    for key in item:
        check_key(key, known, place)
    if "files" not in item:
        raise SettingsError(f"{place}: files is missing; give a pattern such as digests/*.md")
    files = _text("files", item["files"], place)
    try:
        PathPatterns.from_lines([files])
    except PatternError as error:
        raise SettingsError(f"{place}: files: {error}; give one such as digests/*.md") from error
    split, level = _split(item.get("split"), place)
    start = item.get("record_start")
    if start is not None:
        try:
            compile_record_start(_text("record_start", start, place))
        except ValueError as error:
            raise SettingsError(f"{place}: record_start is no pattern: {error}") from error
    inline_tags = item.get("inline_tags")
    if inline_tags is not None:
        inline_tags = _truth("inline_tags", inline_tags, place)
    return ReadingRule(
        files=files,
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
    return _one_of("split", value, (*SPLITS, "heading 1 to heading 6"), place), None


def show(value: object, longest: int = _LONGEST_SHOWN) -> str:
    """Return a value as a message shows it: printable, on one line, never long.

    What holds other values is named by its kind: a few lines of YAML make a list of 10^9 items.
    """
    if not isinstance(value, (str, int, float)):
        return _kind(value)
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = repr(value[: longest + 1] if isinstance(value, str) else value)
    except ValueError:  # Python writes no more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= longest + 2 else f"{text[: longest + 1]}…{text[0]}"


def _show_key(key: object) -> str:
    return show(key)[1:-1] if isinstance(key, str) else show(key)


def _kind(value: object) -> str:
    names = {dict: "a table", list: "a list", str: "a text", bool: "a truth value", int: "a number"}
    return "nothing" if value is None else names.get(type(value), f"a {type(value).__name__}")
