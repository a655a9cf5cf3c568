"""A hub model's name in, its files in the hub's cache: the one place that uses the network."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from notesearch.embedding.private_imports import import_private
from notesearch.errors import ModelError

if TYPE_CHECKING:
    from notesearch.embedding.model_choice import AnyChoice

_PATIENCE_SECONDS = 5


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
    """Knock at the hub's door first: its library tries for a minute before it gives up."""
    hub = import_private("huggingface_hub.constants")
    if hub.HF_HUB_OFFLINE:
        raise OSError("HF_HUB_OFFLINE is set")
    if "https" in getproxies():
        return  # what is reached through a proxy may not be reached without
    address = urlsplit(hub.ENDPOINT)
    port = address.port or (80 if address.scheme == "http" else 443)
    socket.create_connection((address.hostname or "", port), timeout=_PATIENCE_SECONDS).close()
