"""`notesearch trust`: let the settings file of this folder do what a stranger's may not do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument

from notesearch.cli.app import app, examples, option, read_path
from notesearch.cli.output import show_message, write
from notesearch.errors import UsageError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.settings_file import SettingsFile

# The effects of keys that need trust.
_EFFECTS = {
    "trust_remote_code": "runs code that comes with the model",
    "rerank_trust_remote_code": "runs code that comes with the cross-encoder",
    "revision": "fetches this revision of the model",
    "rerank_revision": "fetches this revision of the cross-encoder",
    "follow_links": "reads files that links lead to, wherever they are",
}


@app.command(epilog=examples("notesearch trust", "notesearch trust --remove"))
def trust(
    settings_file: Path | None = Argument(
        None,
        metavar="[FILE]",
        parser=read_path,
        help="The settings file, instead of the notesearch.yaml of this folder or one above it.",
    ),
    remove: bool = option(False, "--remove", "Withdraw the trust."),
    list_: bool = option(False, "--list", "List the files that are trusted."),
) -> None:
    """Trust the notesearch.yaml of this folder or one above it.

    Such a file may have come with somebody else's notes: until you trust it, its settings that
    name models, code or folders elsewhere do not count. The command shows these settings, and its
    trust holds until the file changes.
    """
    from notesearch import trust as trusted
    from notesearch.setting_values import show
    from notesearch.settings import needing_trust
    from notesearch.settings_file import (
        SETTINGS_FILE,
        is_of_another_user,
        nearest_settings_file,
        read_settings_file,
    )

    if list_:
        paths = trusted.list_trusted()
        for path in paths:
            write(escaped(str(path)))
        if not paths:
            show_message("no file is trusted")
        return
    path = settings_file or nearest_settings_file() or Path(SETTINGS_FILE)
    name = escaped(str(path))
    if remove:
        had = trusted.distrust(path)
        write(f"{name} is {'no longer' if had else 'not'} trusted")
        return
    if not os.path.lexists(path):
        raise UsageError(f"there is no {name} here; change to its folder first")
    file = read_settings_file(path)
    asked = needing_trust(file)
    if is_of_another_user(path):  # then nothing of it counts in the folders below without trust
        asked = dict(file.values)
    if not asked:
        write(f"{name} asks for nothing that needs trust")
        return
    trusted.trust(file.path, file.content)
    write(f"{escaped(str(path.absolute()))} is trusted until it changes; it sets")
    for key, value in asked.items():
        write(f"  {key}: {show(value, longest=4096)} ({_effect(key, value, file)})")


def _effect(key: str, value: str, file: SettingsFile) -> str:
    """Describe what a setting does that needs trust."""
    from notesearch.embedding.model_choice import is_hub_id
    from notesearch.engine_address import is_engine_address
    from notesearch.setting_values import read_folder

    if key in _EFFECTS:
        return _EFFECTS[key]
    if key not in ("corpus", "index", "model", "rerank"):
        return "another user's setting"
    if key == "index" and is_engine_address(value.strip()):
        return "an engine, which is sent the questions and the notes"
    folder = os.path.realpath(read_folder(key, value, str(file.path), file.path.parent))
    if key not in ("corpus", "index") and is_hub_id(value) and not Path(folder).is_dir():
        return "a model of the hub, fetched over the network"
    return f"the folder {escaped(folder)}"
