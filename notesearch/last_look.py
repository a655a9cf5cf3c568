"""Read since when something counts as new, and remember up to where the person has looked.

One small file an index in the person's state folder, readable by its owner alone: it outlasts an
index that is made anew in the same folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path

from notesearch.durable import write_whole
from notesearch.errors import SettingsError, UsageError
from notesearch.regular_files import read_regular
from notesearch.user_folders import state_folder

LAST = "last"
_AGO = re.compile(r"([0-9]{1,4})\s*([hdwmy])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_DATE = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}")
_MOST_BYTES = 10_000


def read_since(value: str | date, now: datetime | None = None) -> int:
    """Read `7d`, a date or a time as seconds since 1970; a date begins at midnight here."""
    try:
        moment = _moment(value, now or datetime.now().astimezone())
        seconds = int(moment.timestamp()) if moment is not None else None
    except (OverflowError, ValueError, OSError):
        seconds = None
    if seconds is None or seconds < 0:
        raise UsageError(
            f"{str(value)[:60]!r} is no time to look back to; write last, 7d, 2w, or a date such "
            "as 2026-06-30"
        )
    return seconds


def _moment(value: str | date, now: datetime) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = value.strip()
    if ago := _AGO.fullmatch(text):
        return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2].lower()])
    if _DATE.fullmatch(text):
        text += "-01-01"[len(text) - 4 :]
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def last_look(index_dir: Path) -> int | None:
    """Return up to which time the person has looked, in seconds since 1970; None where never."""
    file = _file_of(index_dir)
    if file is None:
        return None
    try:
        entry = json.loads(read_regular(file, most=_MOST_BYTES))
        return int(entry["seconds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def keep_look(index_dir: Path, seconds: int) -> None:
    """Remember up to which time the person has looked."""
    file = _file_of(index_dir)
    if file is None:
        raise SettingsError(
            "no home folder is known, to remember a look in; set HOME or XDG_STATE_HOME"
        )
    entry = {"index": str(index_dir.resolve()), "seconds": seconds}
    try:
        write_whole(file, json.dumps(entry))
    except OSError as error:
        raise SettingsError(
            f"{file.parent} cannot be written: {error.strerror}; make it writable"
        ) from error


def _file_of(index_dir: Path) -> Path | None:
    folder = state_folder()
    place = str(index_dir.resolve()).encode("utf-8", "surrogateescape")
    name = f"{hashlib.sha256(place).hexdigest()[:32]}.json"
    return folder / "last-looks" / name if folder is not None else None
