"""Find the folders that the system has for this user's settings, data, state and caches.

There are none where no home folder is known: without HOME and without an entry for the user, as in
some containers and services, or where HOME is no whole path.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def config_folder() -> Path | None:
    """Return the user's folder for settings, which need not exist."""
    from platformdirs import user_config_path

    return _if_known(user_config_path)


def state_folder() -> Path | None:
    """Return the user's folder for what is to be remembered, which need not exist."""
    from platformdirs import user_state_path  # 10 ms that not every command takes

    return _if_known(user_state_path)


def data_folder() -> Path | None:
    """Return the user's folder for what a program keeps for them, which need not exist."""
    from platformdirs import user_data_path

    return _if_known(user_data_path)


def cache_folder() -> Path | None:
    """Return the user's folder for what can be made again, which need not exist."""
    from platformdirs import user_cache_path

    return _if_known(user_cache_path)


def _if_known(look_up: Callable[[str], Path]) -> Path | None:
    try:
        folder = look_up("notesearch")
    except RuntimeError:
        return None
    # Earlier versions of platformdirs return `~/…` as it is: a folder that came with the notes.
    return folder if folder.is_absolute() else None
