"""Remember which settings files the person trusts: by place and content, in their state folder.

One small file an entry, readable by its owner alone. A file that changes, or is moved, is not
trusted any more.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from notesearch.durable import write_whole
from notesearch.errors import SettingsError
from notesearch.user_folders import state_folder


def is_trusted(file: Path, content: bytes) -> bool:
    """Whether the person trusts this content in this place."""
    folder = _trust_folder()
    if folder is None:
        return False
    return _read_entry(folder / _name_of(file)) == (str(_place_of(file)), _hash(content))


def trust(file: Path, content: bytes) -> None:
    """Trust this content in this place from now on."""
    folder = _trust_folder()
    if folder is None:
        raise SettingsError(
            "no home folder is known, to remember trust in; set HOME or XDG_STATE_HOME"
        )
    entry = {"path": str(_place_of(file)), "sha256": _hash(content)}
    try:
        write_whole(folder / _name_of(file), json.dumps(entry))
    except OSError as error:
        raise _unwritable(folder, error) from error


def distrust(file: Path) -> bool:
    """Take the trust back; False where there was none."""
    folder = _trust_folder()
    if folder is None:
        return False
    try:
        (folder / _name_of(file)).unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unwritable(folder, error) from error
    return True


def list_trusted() -> list[Path]:
    """Return the files that were trusted, in order; they may have changed or gone since."""
    folder = _trust_folder()
    entries = [_read_entry(path) for path in folder.glob("*.json")] if folder is not None else []
    return sorted(Path(entry[0]) for entry in entries if entry is not None)


def _place_of(file: Path) -> Path:
    """Return where a file stands, links in its folder resolved.

    Its own link is not: what it says is relative to the folder that it is found in.
    """
    return Path(os.path.realpath(file.parent)) / file.name


def _name_of(file: Path) -> str:
    """Return the name of the entry of a file."""
    place = str(_place_of(file)).encode("utf-8", "surrogateescape")
    return f"{hashlib.sha256(place).hexdigest()[:32]}.json"


def _trust_folder() -> Path | None:
    """Return the folder of the entries; None where no home folder is known."""
    folder = state_folder()
    return folder / "trusted" if folder is not None else None


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(f"{folder} cannot be written: {error.strerror}; make it writable")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_entry(path: Path) -> tuple[str, str] | None:
    """Return place and hash; None where nothing is trusted, or the entry is damaged."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        return str(entry["path"]), str(entry["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
