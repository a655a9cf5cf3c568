"""Read the address of an engine that holds an index in the place of a folder.

    qdrant://host:6333/notes       a server, and the name of the index there
    qdrants://host:6333/notes      the same over https
    qdrant:///srv/engine/notes     a folder of Qdrant's client, without a server

Everywhere else an index is a folder. So an address has one too, below the user's data folder: it
keeps what this machine alone knows, such as the folder of the notes and vectors of an update that
was interrupted. Its name is the address, so that nobody's files can name another engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from notesearch.errors import UsageError
from notesearch.user_folders import data_folder

SCHEMES = ("qdrant", "qdrants")
DEFAULT_PORT = 6333
_NAME = r"[a-z0-9][a-z0-9_.-]{0,99}"
_HOST = r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\]"
_LONGEST = 200  # bytes of an address, which has to fit into the name of a folder
_FORMS = "write qdrant://HOST:6333/NAME, qdrants://… for https, or qdrant:///FOLDER/NAME"


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where an engine is, and the name of an index in it."""

    text: str  # as it is shown
    name: str
    host: str = ""  # of a server
    port: int = DEFAULT_PORT
    is_encrypted: bool = False
    folder: Path | None = None  # of an engine without a server
    is_exact: bool = False  # `?exact`: compare with all passages that a filter lets through

    @property
    def is_on_this_machine(self) -> bool:
        """Whether what is sent there leaves this machine."""
        return self.folder is not None or self.host in ("localhost", "127.0.0.1", "[::1]")


def is_engine_address(text: str) -> bool:
    """Return whether a text is meant as the address of an engine."""
    return text.partition(":")[0].lower() in SCHEMES and ":/" in text


def read_engine_address(text: str) -> EngineAddress:
    """Take an address apart; UsageError for what is none.

    No message shows what stands before an @: somebody may have written a key there.
    """
    from urllib.parse import urlsplit  # no command without an engine needs it

    scheme, _, rest = text.partition(":")
    scheme = scheme.lower()
    if "@" in rest:
        raise UsageError(f"the address of an engine takes no user or key; {_FORMS}")
    parts = urlsplit(f"{scheme}:{rest}")
    if parts.query not in ("", "exact") or parts.fragment:
        raise UsageError(f"{text}: an address takes ?exact and nothing else; {_FORMS}")
    path, _, name = parts.path.rstrip("/").rpartition("/")
    if not re.fullmatch(_NAME, name):
        raise UsageError(
            f"{text} does not name an index: small letters, digits, dots, - and _; {_FORMS}"
        )
    if len(text.encode()) > _LONGEST:
        raise UsageError(f"{text[:60]}… is longer than {_LONGEST} bytes; choose a shorter address")
    is_exact = parts.query == "exact"
    if not parts.netloc:
        if scheme != "qdrant" or not path:
            raise UsageError(f"{text} names no host and no folder; {_FORMS}")
        return EngineAddress(text, name, folder=Path(path), is_exact=is_exact)
    host, port = _host_and_port(parts.netloc, text)
    if path:
        raise UsageError(f"{text}: behind the host stands one name; {_FORMS}")
    return EngineAddress(
        text, name, host, port, is_encrypted=scheme == "qdrants", is_exact=is_exact
    )


def _host_and_port(netloc: str, text: str) -> tuple[str, int]:
    host, colon, port = netloc.rpartition(":")
    if not colon or netloc.endswith("]"):
        host, port = netloc, str(DEFAULT_PORT)
    is_port = port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536
    if not re.fullmatch(_HOST, host) or not is_port:
        raise UsageError(f"{text}: {netloc} is no host with a port; {_FORMS}")
    return host.lower(), int(port)


def folder_of_engine(address: EngineAddress) -> Path:
    """Return the folder that stands for an engine on this machine; it need not exist."""
    from urllib.parse import quote

    folders = _folder_of_all()
    if folders is None:
        raise UsageError("no home folder is known, to keep beside an engine what is of this user")
    return folders / quote(address.text, safe="")


def folder_at(target: str | Path) -> Path:
    """Return the folder of an index, or the one that stands for an engine."""
    if isinstance(target, str) and is_engine_address(target):
        return folder_of_engine(read_engine_address(target))
    return Path(target)


def engine_of_folder(folder: Path) -> EngineAddress | None:
    """Return the engine that a folder stands for; None for a folder that is an index itself."""
    if "%3A%2F" not in folder.name:  # which spares the others a look for the data folder
        return None
    from urllib.parse import unquote

    folders = _folder_of_all()
    if folders is None or folder.absolute().parent != folders:
        return None
    text = unquote(folder.name)
    return read_engine_address(text) if is_engine_address(text) else None


def shown_index(folder: Path) -> str:
    """Write an index as a person names it: the address of an engine, or the folder."""
    address = engine_of_folder(folder)
    return str(folder) if address is None else address.text


def _folder_of_all() -> Path | None:
    data = data_folder()
    return data / "engines" if data is not None else None
