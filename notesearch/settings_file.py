"""Find and read settings files: the nearest `notesearch.yaml`, and the user's own `config.yaml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notesearch.errors import SettingsError
from notesearch.regular_files import NotRegularFileError, read_regular
from notesearch.user_folders import config_folder

SETTINGS_FILE = "notesearch.yaml"
_MOST_BYTES = 1 << 20  # of a settings file


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file, read once: what is checked for trust is what counts."""

    path: Path
    content: bytes
    values: Mapping[str, Any]


def user_settings_file() -> Path | None:
    """Return the path of the user's own settings file, which need not exist."""
    folder = config_folder()
    return folder / "config.yaml" if folder is not None else None


def nearest_settings_file() -> Path | None:
    """Return the notesearch.yaml of the working folder, or of the nearest folder above it.

    That of the working folder comes as a relative path. None where there is none.
    """
    if os.path.lexists(SETTINGS_FILE):
        return Path(SETTINGS_FILE)
    try:
        above = Path.cwd().parents
    except OSError:  # the working folder is gone
        return None
    return next((file for up in above if os.path.lexists(file := up / SETTINGS_FILE)), None)


def is_of_another_user(file: Path) -> bool:
    """Return whether a file, or the link in its place, belongs to another user."""
    try:
        owners = {file.lstat().st_uid, file.stat().st_uid}
    except OSError:  # a link to nowhere, which reading it names
        owners = {file.lstat().st_uid}
    return owners != {os.getuid()}


def read_settings_file(path: Path) -> SettingsFile:
    """Read a settings file; SettingsError says in one line why it cannot be."""
    content = read_settings_bytes(path)
    try:
        values = _parse(path, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path} cannot be read: it is not UTF-8 from byte {error.start} on; save it as UTF-8"
        ) from error
    return SettingsFile(path, content, values)


def read_settings_bytes(path: Path) -> bytes:
    """Return what a settings file holds, unread; SettingsError for what is no small file."""
    try:
        content = read_regular(path, most=_MOST_BYTES + 1)
    except NotRegularFileError as error:
        raise SettingsError(f"{path} is no regular file; name a settings file") from error
    except FileNotFoundError as error:
        raise SettingsError(f"{path} does not exist; name a settings file") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise SettingsError(f"{path} is larger than 1 MB; name a settings file")
    return content


def _parse(path: Path, text: str) -> dict[str, Any]:
    # 10 ms for yaml, which a query where there is no such file does not wait for.
    from notesearch.untrusted_yaml import YAML_FAULTS, describe_fault, load_yaml

    try:
        value = load_yaml(text)
    except YAML_FAULTS as error:
        fault = describe_fault(error)
        raise SettingsError(f"{path}{fault}{'' if ';' in fault else '; mend that line'}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "one value without a key"
        raise SettingsError(f"{path}: settings are lines such as corpus: ~/notes, found {kind}")
    return value
