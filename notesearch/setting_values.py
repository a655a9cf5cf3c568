"""Check the value of each setting and turn it into what the program works with.

Every `read_…` takes the key, the value as YAML or the environment has it, the place that an error
names, and the folder that paths are relative to (None: the working folder). SettingsError names
place, finding and what is allowed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
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
from notesearch.embedding.model_choice import (
    BUNDLED_NAMES,
    EMBEDDER,
    SERVED_PREFIX,
    Precision,
    is_hub_id,
    read_address,
)
from notesearch.errors import SettingsError, UsageError

Read = Callable[[str, object, str, Path | None], Any]
_LONGEST_SHOWN = 60  # characters of a value in a message
_LONGEST_PATH = 4096
_LARGEST = 1_000_000_000  # number, so that no counter overflows
_LONGEST_MODEL_NAME = 200


def check_key(key: object, known: Iterable[str], place: str) -> None:
    """Refuse a key that nobody knows, with the nearest one that somebody does."""
    known = sorted(known)
    if key in known:
        return
    text = key if isinstance(key, str) else ""
    near = difflib.get_close_matches(text[:_LONGEST_SHOWN], known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    raise SettingsError(f"{place}: unknown setting {_show_key(key)}; {hint}")


def read_folder(key: str, value: object, place: str, base: Path | None) -> Path:
    """Return the path that a text names."""
    text = read_text(key, value, place)
    if "\0" in text or len(text) > _LONGEST_PATH:
        raise SettingsError(f"{place}: {key} cannot be a path: {show(text)}; name a folder")
    try:
        return (base or Path()) / Path(text).expanduser()
    except RuntimeError as error:  # ~name of a user who does not exist
        raise SettingsError(
            f"{place}: {key}: there is no home folder for {show(text)}; name a folder"
        ) from error


def read_index(key: str, value: object, place: str, base: Path | None) -> Path:
    """Return the folder of an index, or the one that stands for the engine at an address."""
    from notesearch.engine_address import (
        folder_of_engine,
        is_engine_address,
        read_engine_address,
    )

    if isinstance(value, str) and is_engine_address(value.strip()):
        try:
            return folder_of_engine(read_engine_address(value.strip()))
        except UsageError as error:
            raise SettingsError(f"{place}: {key}: {error}") from error
    return read_folder(key, value, place, base)


def read_files(key: str, value: object, place: str, base: Path | None) -> tuple[Path, ...]:
    """Return the paths of files, of which one alone needs no list."""
    if isinstance(value, list) and not value:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(read_folder(key, item, place, base) for item in items)


def read_model_name(key: str, value: object, place: str, base: Path | None) -> str:
    """Return the name of a model, or the folder that it stands for.

    A name stands for a folder below `base` where there is one; without a base it does so only
    where it is written as a path (`./model`), so that no folder takes the place of a hub model.
    openai:NAME is never a folder.
    """
    name = read_text(key, value, place).strip()
    if key == EMBEDDER.setting and name.startswith(SERVED_PREFIX):
        return _served_name(key, name, place)
    if name in BUNDLED_NAMES or (base is None and is_hub_id(name)):
        return name
    folder = read_folder(key, name, place, base)
    try:
        return str(folder.absolute()) if folder.is_dir() else name
    except OSError as error:
        raise SettingsError(
            f"{place}: {key} {show(name)} cannot be looked up: {error.strerror}"
        ) from error


def _served_name(key: str, name: str, place: str) -> str:
    """Return openai:NAME, which is shown in one line and stored in an index."""
    of_server = name.removeprefix(SERVED_PREFIX)
    if not of_server.strip() or not name.isprintable() or len(name) > _LONGEST_MODEL_NAME:
        raise SettingsError(
            f"{place}: {key} {show(name)}: give the server's name of a model behind "
            f"{SERVED_PREFIX}, such as {SERVED_PREFIX}nomic-embed-text"
        )
    return name


def read_endpoint(key: str, value: object, place: str, base: Path | None) -> str:
    """Return the address of a server that speaks the OpenAI embeddings API.

    No message shows the value: somebody may have written a key into it.
    """
    address = read_address(read_text(key, value, place))
    if address is None:
        raise SettingsError(
            f"{place}: {key} must be an address such as http://localhost:11434/v1, without a user "
            "or a query; a key goes into NOTESEARCH_API_KEY"
        )
    return address


def read_number(key: str, value: object, place: str, base: Path | None) -> int:
    """Return a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LARGEST:
        raise SettingsError(
            f"{place}: {key} must be a whole number from 1 to {_LARGEST:,}, found {show(value)}"
        )
    return value


def read_truth(key: str, value: object, place: str, base: Path | None = None) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise SettingsError(f"{place}: {key} must be true or false, found {show(value)}")
    return value


def read_text(key: str, value: object, place: str, base: Path | None = None) -> str:
    """Return a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        found = "an empty one" if isinstance(value, str) else _kind(value)
        raise SettingsError(f"{place}: {key} must be a text, found {found}")
    return value


def read_prompt(key: str, value: object, place: str, base: Path | None) -> str:
    """Return a text, which may be empty: no prompt at all, where the model has one."""
    return "" if value == "" else read_text(key, value, place)


def read_texts(key: str, value: object, place: str, base: Path | None = None) -> tuple[str, ...]:
    """Return texts, of which one alone needs no list."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise SettingsError(f"{place}: {key} must be a list of texts, found {_kind(value)}")
    return tuple(items)


def one_of(*allowed: str) -> Read:
    """Return a function that reads one of some words."""

    def read(key: str, value: object, place: str, base: Path | None = None) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise SettingsError(
                f"{place}: {key} must be one of {', '.join(allowed)}, found {show(value)}"
            )
        return value

    return read


def read_precision(key: str, value: object, place: str, base: Path | None) -> Precision:
    """Return the precision that a word names."""
    return Precision(one_of(*(one.value for one in Precision))(key, value, place, base))


def read_rules(key: str, value: object, place: str, base: Path | None) -> tuple[ReadingRule, ...]:
    """Return the rules for files that the automatic reading gets wrong."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise SettingsError(
            f"{place}: reading must be a list of rules, each such as {{files: digests/*.md, "
            f"split: rows}}; found {_kind(value)}{' of other values' * isinstance(value, list)}"
        )
    return tuple(_rule(item, f"{place}: reading rule {n}") for n, item in enumerate(value, 1))


def _rule(item: Mapping[str, Any], place: str) -> ReadingRule:
    known = [entry.name for entry in fields(ReadingRule) if entry.name != "level"]
    for key in item:
        check_key(key, known, place)
    if "files" not in item:
        raise SettingsError(f"{place}: files is missing; give a pattern such as digests/*.md")
    files = read_text("files", item["files"], place)
    try:
        PathPatterns.from_lines([files])
    except PatternError as error:
        raise SettingsError(f"{place}: files: {error}; give one such as digests/*.md") from error
    split, level = _split(item.get("split"), place)
    start = item.get("record_start")
    if start is not None:
        try:
            compile_record_start(read_text("record_start", start, place))
        except ValueError as error:
            raise SettingsError(
                f"{place}: record_start is no pattern: {error}; write a regular expression "
                "such as ^TL;DR"
            ) from error
    inline_tags = item.get("inline_tags")
    if inline_tags is not None:
        inline_tags = read_truth("inline_tags", inline_tags, place)
    return ReadingRule(
        files=files,
        split=split,
        level=level,
        record_start=start,
        inline_tags=inline_tags,
        tags=read_texts("tags", item.get("tags", []), place),
    )


def _split(value: object, place: str) -> tuple[str | None, int | None]:
    """Read `headings`, `heading 4`, `rows`, …; also with the level, which headings may have."""
    if value is None:
        return None, None
    match = re.fullmatch(r"headings? +([1-6])", value) if isinstance(value, str) else None
    if match:
        return "headings", int(match[1])
    return one_of(*SPLITS, "heading 1 to heading 6")("split", value, place, None), None


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
