"""List the compiled models in the cache, and remove them: each is made again at its next use."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from notesearch.embedding.compiled_form import open_manifest
from notesearch.embedding.model_cache import COMPILED_FORMAT, choose_cache, lock_of
from notesearch.errors import ModelError

# all-MiniLM-L6-v2-float32-1a2b3c4d-v5; while it is made, .all-MiniLM-…-v5.x7qk2
_COMPILED = re.compile(r"\.?(?P<form>(?P<name>.+)-v(?P<format>\d+))(?P<scratch>\..+)?")


@dataclass(frozen=True, slots=True)
class CachedModel:
    """The compiled form of a model, or what is left of one."""

    name: str  # model, precision and a hash, as `status` shows them
    folder: str
    size: int  # in bytes
    compiled: str  # the day, in ISO 8601
    flaw: str | None  # why nothing uses it; None for a form that is used


def compiled_folder(warn: Callable[[str], None]) -> Path:
    """Return the folder of all compiled forms, which need not exist."""
    return choose_cache(None, warn) / "compiled"


def list_cached(folder: Path) -> list[CachedModel]:
    """List what is in the folder of compiled forms, by name."""
    try:
        return sorted(_cached(folder), key=lambda model: (model.name, model.folder))
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be read: {error.strerror}; make it readable, or remove it"
        ) from error


def remove_cached(models: Sequence[CachedModel]) -> list[CachedModel]:
    """Remove compiled forms; return those that stay, as a process is compiling them."""
    from filelock import Timeout

    stay = []
    for model in models:
        folder = Path(model.folder)
        form = _COMPILED.sub(r"\g<form>", folder.name)
        try:
            with lock_of(folder.with_name(form)).acquire(timeout=0):
                shutil.rmtree(folder)
        except Timeout:
            stay.append(model)
        except OSError as error:
            raise ModelError(
                f"{folder} cannot be removed: {error.strerror}; remove it by hand"
            ) from error
    return stay


def _cached(folder: Path) -> Iterator[CachedModel]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        found = _COMPILED.fullmatch(path.name)
        if found is None or not path.is_dir():
            continue
        manifest, flaw = None, None
        if found["scratch"]:
            flaw = "not finished"
        elif int(found["format"]) != COMPILED_FORMAT:
            flaw = "of another version"
        else:
            manifest = open_manifest(path)
            flaw = None if manifest else "damaged"
        files = [file.stat() for file in path.iterdir()]
        yield CachedModel(
            name=manifest.fingerprint if manifest else found["name"],
            folder=str(path),
            size=sum(stat.st_size for stat in files),
            compiled=datetime.fromtimestamp(path.stat().st_mtime).date().isoformat(),
            flaw=flaw,
        )
