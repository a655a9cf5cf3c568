"""Remember the indexes that the person has made, each by a name, in their state folder.

So a question from any folder finds them. One small file an index, readable by its owner alone. An
index counts as missing where its folder is gone, or is not what it was: another user's, or a link.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from notesearch.durable import write_whole
from notesearch.engine_address import engine_of_folder
from notesearch.errors import SettingsError, UsageError
from notesearch.index.index_layout import IndexLayout
from notesearch.user_folders import data_folder, state_folder

ALL = "all"  # stands for every index
# `index` is the name of the folder that an index has by default.
_TAKEN = (ALL, "index")
_NAME = re.compile(r"\w[\w.-]{0,39}")


@dataclass(frozen=True, slots=True)
class KnownIndex:
    """An index that the person has made."""

    name: str
    folder: Path  # absolute, links resolved
    corpus: Path  # likewise
    settings: Path | None  # the notesearch.yaml, or other settings file, that it was made with
    made_ns: int  # since 1970

    def is_there(self) -> bool:
        """Return whether the folder still holds an index of this user's, or an engine does."""
        if engine_of_folder(self.folder) is not None:
            return True
        try:
            owner = IndexLayout(self.folder).catalog.stat().st_uid
        except (OSError, ValueError):
            return False
        return owner == os.getuid() and Path(os.path.realpath(self.folder)) == self.folder


def list_known() -> list[KnownIndex]:
    """Return the indexes that were made, the last one first."""
    folder = _entries()
    found = [_read_entry(path) for path in folder.glob("*.json")] if folder is not None else []
    return sorted((k for k in found if k is not None), key=lambda k: (-k.made_ns, k.name))


def last_made() -> KnownIndex | None:
    """Return the index that was made last, of those that are there."""
    return next((known for known in list_known() if known.is_there()), None)


def find_known(name: str) -> KnownIndex | None:
    """Return the index of a name, without case."""
    return next((k for k in list_known() if k.name.casefold() == name.casefold()), None)


def known_of_corpus(corpus: Path) -> KnownIndex | None:
    """Return the index made last of a folder of notes, of those that are there."""
    folder = corpus.resolve()
    return next((k for k in list_known() if k.corpus == folder and k.is_there()), None)


def known_in(folder: Path) -> KnownIndex | None:
    """Return the index that was made in a folder."""
    entries = _entries()
    return _read_entry(entries / _entry_name(folder.resolve())) if entries is not None else None


def remember(
    folder: Path, corpus: Path, *, name: str | None, settings: Path | None, is_new: bool
) -> KnownIndex | None:
    """Keep that the person has made, or brought in step, the index in a folder.

    Without a name it keeps the one it has, or gets that of the folder of its notes. None where
    nothing can be kept.
    """
    entries = _entries()
    if entries is None:
        return None
    folder = folder.resolve()
    before = known_in(folder)
    others = [known.name for known in list_known() if known.folder != folder]
    known = KnownIndex(
        name=name or (before.name if before else free_name(corpus, others)),
        folder=folder,
        corpus=corpus.resolve(),
        settings=settings.absolute() if settings is not None else None,
        made_ns=before.made_ns if before and not is_new else time.time_ns(),
    )
    if known != before:
        values = {key: str(value) if isinstance(value, Path) else value
                  for key, value in asdict(known).items()}  # fmt: skip
        try:
            write_whole(entries / _entry_name(folder), json.dumps(values))
        except OSError:
            return None  # as in a system without a place to write; the index itself is whole
    return known


def forget(known: KnownIndex) -> None:
    """Remember an index no longer; its files stay."""
    entries = _entries()
    if entries is None:
        return
    try:
        (entries / _entry_name(known.folder)).unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{entries} cannot be written: {error.strerror}; make it writable"
        ) from error


def require_free_name(name: str, corpus: Path) -> None:
    """Raise UsageError for what cannot be the name of this corpus's index."""
    if not _NAME.fullmatch(name) or name.casefold() in _TAKEN:
        raise UsageError(
            f"{name[:60]!r} is no name for an index; --name takes up to 40 letters, digits, dots, "
            f"- and _, but neither {' nor '.join(_TAKEN)}"
        )
    known = find_known(name)
    if known is not None and known.corpus != corpus.resolve():
        raise UsageError(
            f"{known.name} is the index of {known.corpus}; choose another --name, or run: "
            f"notesearch indexes --forget {known.name}"
        )


def free_name(corpus: Path, taken: Sequence[str]) -> str:
    """Return a name for the index of a folder of notes: that of the folder, where it is free."""
    words = re.sub(r"[^\w.-]+", "-", corpus.resolve().name.casefold()).strip("-.")[:30]
    plain = words if _NAME.fullmatch(words) and words not in _TAKEN else "notes"
    used = {name.casefold() for name in taken}
    numbered = (f"{plain}-{number}" for number in range(2, len(used) + 3))
    return plain if plain not in used else next(name for name in numbered if name not in used)


def own_place(name: str) -> Path:
    """Return the folder for an index that is made under a name alone."""
    folder = data_folder()
    if folder is None:
        raise UsageError("no home folder is known, to keep an index in; give its folder: --index")
    return folder / "indexes" / name.casefold()


def _entries() -> Path | None:
    """Return the folder of the entries; None where no home folder is known."""
    folder = state_folder()
    return folder / "known" if folder is not None else None


def _entry_name(folder: Path) -> str:
    import hashlib  # it loads OpenSSL

    place = str(folder).encode("utf-8", "surrogateescape")
    return f"{hashlib.sha256(place).hexdigest()[:32]}.json"


def _read_entry(path: Path) -> KnownIndex | None:
    """Return what an entry says; None where there is none, or it is damaged."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        settings = entry["settings"]
        known = KnownIndex(
            name=str(entry["name"]),
            folder=Path(entry["folder"]),
            corpus=Path(entry["corpus"]),
            settings=Path(settings) if settings is not None else None,
            made_ns=int(entry["made_ns"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return known if _NAME.fullmatch(known.name) and known.folder.is_absolute() else None
