"""Write the file by which systemd or launchd starts `notesearch watch` when a person logs in."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

from notesearch.cli.chosen_index import ChosenIndex
from notesearch.errors import UsageError
from notesearch.settings import FROM_ENVIRONMENT
from notesearch.settings_file import SETTINGS_FILE

SERVICES = ("systemd", "launchd")


def describe_service(kind: str, chosen: ChosenIndex) -> tuple[str, str]:
    """Return the file that keeps a chosen index in step, and a line that says where it goes.

    It depends on no working folder and no shell: paths are absolute, and what the environment sets
    for notesearch now stands in it.
    """
    from notesearch.known_indexes import known_in

    if kind not in SERVICES:
        raise UsageError(f"--print-service takes one of {', '.join(SERVICES)}, found {kind}")
    known = known_in(chosen.index_dir)
    name = known.name if known is not None else chosen.index_dir.resolve().parent.name
    name = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.") or "notes"
    is_remembered = known is not None and chosen.recall is not None
    index = known.name if known is not None and is_remembered else _absolute(chosen.index_dir)
    command = [sys.executable, "-m", "notesearch", "watch", "--index", index]
    if chosen.config is not None:
        command += ["--config", _absolute(chosen.config)]
    if chosen.corpus is not None:
        command += ["--corpus", _absolute(chosen.corpus)]
    root = chosen.settings.root  # where the same settings are found, if there are any
    folder = _absolute(root if (root / SETTINGS_FILE).is_file() else Path.home())
    variables = (f"NOTESEARCH_{key.upper()}" for key in FROM_ENVIRONMENT if key != "index")
    environment = {key: os.environ[key] for key in variables if os.environ.get(key)}
    for text in (*command, folder, *environment.values()):
        if not text.isprintable():
            raise UsageError(f"{text!a} cannot stand in a service: it holds a control sign")
    if kind == "systemd":
        return _systemd_unit(name, command, folder, environment)
    return _launchd_agent(name, command, folder, environment)


def _absolute(path: Path) -> str:
    return str(path.expanduser().absolute())


def _systemd_unit(
    name: str, command: list[str], folder: str, environment: dict[str, str]
) -> tuple[str, str]:
    lines = [
        "[Unit]",
        f"Description=Keep the notesearch index {name} in step with its notes",
        "",
        "[Service]",
        f"ExecStart={' '.join(map(_quoted, command))}",
        f"WorkingDirectory={folder.replace('%', '%%')}",
        *(f"Environment={_quoted(f'{key}={value}', '')}" for key, value in environment.items()),
        "Restart=on-failure",
        "RestartSec=30",
        "Nice=10",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    unit = f"notesearch-{name}"
    return (
        "\n".join(lines) + "\n",
        f"save this as ~/.config/systemd/user/{unit}.service, "
        f"then run: systemctl --user enable --now {unit}",
    )


def _quoted(word: str, dollar: str = "$") -> str:
    """Write a word as systemd takes it: `%` names something of the unit, `$` a variable."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{word.replace("$", f"${dollar}")}"'


def _launchd_agent(
    name: str, command: list[str], folder: str, environment: dict[str, str]
) -> tuple[str, str]:
    import plistlib

    label = f"notesearch.watch.{name}"
    agent = {
        "Label": label,
        "ProgramArguments": command,
        "WorkingDirectory": folder,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ProcessType": "Background",
        "StandardErrorPath": str(Path.home() / "Library/Logs" / f"{label}.log"),
    }
    if environment:
        agent["EnvironmentVariables"] = environment
    file = f"~/Library/LaunchAgents/{label}.plist"
    return (
        plistlib.dumps(agent, sort_keys=False).decode(),
        f"save this as {file}, then run: launchctl load -w {shlex.quote(file)}".replace("'", ""),
    )
