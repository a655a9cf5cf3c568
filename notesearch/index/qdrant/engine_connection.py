"""Connect to an engine: a server, or a folder that all in this process share."""

from __future__ import annotations

import os
import stat
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

from qdrant_client import QdrantClient

from notesearch.engine_address import EngineAddress
from notesearch.errors import LockedError, UsageError
from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.engine_errors import (
    FILE_ERRORS,
    KEY_VARIABLE,
    EngineError,
    unusable_folder,
)
from notesearch.index.qdrant.engine_requests import write_faster

_TIMEOUT_S = 60

# A folder is locked by the client that has it open: within a process all share that one.
_guard = threading.Lock()
_open_folders: dict[Path, _OpenFolder] = {}


@dataclass
class _OpenFolder:
    """The client of a folder, with those who use it taking turns."""

    client: QdrantClient
    turn: threading.RLock
    users: int = 0


def connect(address: EngineAddress) -> Engine:
    """Connect to an engine; `disconnect` has to follow."""
    if address.folder is None:
        return Engine(address, _client_of_server(address))
    folder = address.folder.absolute()
    with _guard:
        if folder not in _open_folders:
            _open_folders[folder] = _OpenFolder(_client_of_folder(address), threading.RLock())
        shared = _open_folders[folder]
        shared.users += 1
        return Engine(address, shared.client, turn=shared.turn)


def disconnect(engine: Engine) -> None:
    """Close a connection that nobody else in this process uses."""
    if engine.address.folder is None:
        engine.close()
        return
    folder = engine.address.folder.absolute()
    with _guard:
        shared = _open_folders[folder]
        shared.users -= 1
        if not shared.users:
            del _open_folders[folder]
            engine.close()


def _client_of_server(address: EngineAddress) -> QdrantClient:
    key = os.environ.get(KEY_VARIABLE) or None
    if key and not (address.is_encrypted or address.is_on_this_machine):
        raise UsageError(
            f"{address.text} would be sent the key of {KEY_VARIABLE} as it is; write qdrants://…, "
            f"or unset {KEY_VARIABLE} if the engine asks for none"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a key without https: only on this machine
        return QdrantClient(
            host=address.host.strip("[]") if address.host != "[::1]" else address.host,
            port=address.port,
            https=address.is_encrypted,
            api_key=key,
            timeout=_TIMEOUT_S,
            check_compatibility=False,  # a request more, and a warning on stdout
        )


def _client_of_folder(address: EngineAddress) -> QdrantClient:
    _require_own(address)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its size: docs/team.md says what it is for
            client = QdrantClient(path=str(address.folder), force_disable_check_same_thread=True)
    except RuntimeError as error:  # what the client raises for a folder that is locked
        raise LockedError(
            f"{address.text} is open in another process, and a folder serves one at a time; wait "
            "for it to finish, or run a Qdrant server"
        ) from error
    except FILE_ERRORS as error:
        raise unusable_folder(address, error) from error
    write_faster(client)
    return client


def _require_own(address: EngineAddress) -> None:
    """Raise EngineError for a folder that another user may write: opening it runs what is there."""
    assert address.folder is not None
    try:
        status = address.folder.stat()
    except OSError:
        return
    is_own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    if not is_own or status.st_mode & stat.S_IWOTH:
        raise EngineError(
            f"{address.folder} is a folder that another user may write into, and what is there is "
            "run when it is opened; choose a folder of your own, or a Qdrant server"
        )
