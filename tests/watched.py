"""Run a command and list what reaches out of it: sockets, other processes, writes elsewhere.

    python -m tests.watched FOLDER… -- index corpus

The command may write below the folders. What else it did is written to stderr, a line each that
begins with `LEFT: `, and the exit code is then 99. Native code is not seen here: compare the home
folder afterwards, or run under strace.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = (
    *("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move", "sqlite3.connect"),
)
FROM_OPEN_FOLDER = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link")  # last: their fds
PROCESSES = ("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system")


class Watch:
    """Remembers what a process does that reaches out of it."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = [Path(folder).resolve() for folder in folders]
        self.left: list[str] = []

    def see(self, event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith("socket.") or event in PROCESSES:
            self.left.append(f"{event} {arguments!r}")
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
            self._see_path(event, arguments[0])
        elif event in CHANGES:
            count = 2 if event in ("os.rename", "os.link") else 1
            for path, folder in zip(arguments[:count], arguments[-count:], strict=True):
                self._see_path(event, path, folder if event in FROM_OPEN_FOLDER else None)

    def _see_path(self, event: str, path: object, folder: object = None) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return  # a file that is open already was seen when it was opened
        start = str(Path(f"/proc/self/fd/{folder}").readlink()) if folder not in (None, -1) else ""
        plain = os.fsdecode(path).removeprefix("file:").partition("?")[0]  # SQLite is given a URI
        where = Path(os.path.abspath(os.path.join(start, plain)))  # noqa: PTH100, PTH118 - no links
        inside = any(where.is_relative_to(folder) for folder in self._folders)
        if not inside and where != Path(os.devnull):
            self.left.append(f"{event} {where}")


class NoSocket(socket.socket):
    def __init__(self, *_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")


def main() -> None:
    end = sys.argv.index("--")
    watch = Watch(sys.argv[1:end])
    sys.argv = ["notesearch", *sys.argv[end + 1 :]]
    socket.socket = NoSocket  # type: ignore[misc]
    sys.addaudithook(watch.see)
    from notesearch import cli

    try:
        cli.main()
    finally:
        if watch.left:
            sys.stderr.write("".join(f"LEFT: {line}\n" for line in dict.fromkeys(watch.left)))
            sys.stderr.flush()
            os._exit(99)


if __name__ == "__main__":
    main()
