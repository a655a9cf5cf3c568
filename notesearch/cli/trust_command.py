"""`notesearch trust`: let the settings file of this folder do what a stranger's may not do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.app import app, examples, option
from notesearch.cli.output import write
from notesearch.errors import UsageError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.settings import SettingsFile

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
    remove: bool = option(False, "--remove", "Withdraw the trust."),
    list_: bool = option(False, "--list", "List the files that are trusted."),
) -> None:
    """Trust the notesearch.yaml of this folder.

    Such a file may have come with somebody else's notes: until you trust it, its settings that
    name models, code or folders elsewhere do not count. The command shows these settings, and its
    trust holds until the file changes.
    """
    from notesearch import trust as trusted
    from notesearch.setting_values import show
    from notesearch.settings import SETTINGS_FILE, read_settings_file

    if list_:
        for path in trusted.list_trusted():
            write(escaped(str(path)))
        return
    path = Path(SETTINGS_FILE)
    if remove:
        had = trusted.distrust(path)
        write(f"{SETTINGS_FILE} is {'no longer' if had else 'not'} trusted")
        return
    if not os.path.lexists(path):
        raise UsageError(f"there is no {SETTINGS_FILE} here; change to its folder first")
    file = read_settings_file(path)
    asked = file.needing_trust()
    if not asked:
        write(f"{SETTINGS_FILE} asks for nothing that needs trust")
        return
    trusted.trust(file.path, file.content)
    write(f"{escaped(str(path.absolute()))} is trusted until it changes; it sets")
    for key, value in asked.items():
        write(f"  {key}: {show(value, longest=4096)} ({_effect(key, value, file)})")


def _effect(key: str, value: str, file: SettingsFile) -> str:
    """Describe what a setting does that needs trust."""
    from notesearch.embedding.model_files import is_hub_id
    from notesearch.setting_values import read_folder

    if key in _EFFECTS:
        return _EFFECTS[key]
    folder = os.path.realpath(read_folder(key, value, str(file.path), file.path.parent))
    if key not in ("corpus", "index") and is_hub_id(value) and not Path(folder).is_dir():
        return "a model of the hub, fetched over the network"
    return f"the folder {escaped(folder)}"
