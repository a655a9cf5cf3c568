"""Wait until the notes of a folder change: the system tells of it, through watchfiles."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from notesearch.corpus.walk import IGNORE_FILE, NOTE_SUFFIXES

# Changes that follow each other within so much time are one: a save by rename takes 5 ms.
_QUIET_MS = 100
# And where they never end, as in a log: so long.
_MOST_GATHERED_MS = 5_000
_DELETED = 3  # as watchfiles counts
# What another machine changes there, the system does not tell.
_NETWORK_DRIVES = {"9p", "afs", "ceph", "cifs", "davfs", "drvfs", "glusterfs", "lustre", "nfs"}
_NETWORK_DRIVES |= {"nfs4", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs"}
_NETWORK_DRIVES |= {f"fuse.{name}" for name in ("davfs2", "glusterfs", "gvfsd-fuse", "rclone")}
_NETWORK_DRIVES |= {f"fuse.{name}" for name in ("s3fs", "sshfs", "vmhgfs-fuse")}
_MOUNTS = Path("/proc/self/mountinfo")


class UnwatchableError(Exception):
    """The system does not tell what changes in a folder; the text says why."""


class FolderWatch:
    """Waits for changes in the folders that are read, and in no others.

    Those behind links, hidden ones, and those that the settings leave out are not watched.
    """

    def __init__(self, corpus: Path, folders: Sequence[str], index_dir: Path) -> None:
        """Watch from now on; `folders` are those of a `Listing`.

        UnwatchableError where the system cannot do it.
        """
        self._root = os.path.realpath(corpus)
        index = os.path.realpath(index_dir)
        # Its own files must not wake what writes them.
        self._index = index if _is_below(index, self._root) else None
        every = (f"{self._root}/{folder}".rstrip("/") for folder in folders)
        self._folders = {folder for folder in every if not self._is_of_index(folder)}
        self.is_stale = False  # other folders than those that are watched may be there now
        if drive := network_drive(self._root):
            raise UnwatchableError(f"the system does not tell what others change on {drive}")
        try:
            from watchfiles._rust_notify import RustNotify
        except ImportError as error:
            raise UnwatchableError(
                "watchfiles is not installed: it comes with the extra serve, as README.md says"
            ) from error
        # Linux watches folder by folder. Left to itself watchfiles would follow every link out of
        # the corpus, perhaps to the root of the disk. Elsewhere the system watches a whole tree.
        is_by_folder = sys.platform == "linux"
        paths = sorted(self._folders) if is_by_folder else [self._root]
        try:
            # The last of these would leave out what cannot be watched, without a word.
            self._notify = RustNotify(paths, False, False, 0, not is_by_folder, False)
        except (OSError, RuntimeError) as error:  # so many are not allowed, a folder is just gone
            finding = re.sub(r' about \[".*', "", str(error)).rstrip(". ")
            raise UnwatchableError(f"the system cannot watch the folder ({finding})") from error

    def wait(self, most_s: float, stop: Event) -> bool:
        """Wait until notes have changed and it is quiet again; False when nothing came of it."""
        if self.is_stale:
            return True
        most_ms = max(1, int(most_s * 1000))  # 0 would be without end
        try:
            found = self._notify.watch(_MOST_GATHERED_MS, _QUIET_MS, most_ms, stop)
        except RuntimeError:  # it broke: whatever changed, another one has to take its place
            self.is_stale = True
            return True
        if isinstance(found, str):  # the time is over, or `stop` was set
            return False
        matters = [self._matters(path, is_gone=kind == _DELETED) for kind, path in found]
        return any(matters)  # after all were looked at: a folder makes the watch stale

    def close(self) -> None:
        """Watch no longer."""
        self._notify.close()

    def _matters(self, path: str, *, is_gone: bool) -> bool:
        """Return whether notes may have changed with a file or folder."""
        if self._is_of_index(path):
            return False
        name = os.path.relpath(path, self._root)
        if path in self._folders or (not is_gone and os.path.isdir(path)):  # noqa: PTH112
            self.is_stale = not _is_hidden(name) or self.is_stale
            return not _is_hidden(name)
        is_note = os.path.splitext(name)[1].lower() in NOTE_SUFFIXES  # noqa: PTH122
        return (is_note and not _is_hidden(name)) or name == IGNORE_FILE

    def _is_of_index(self, path: str) -> bool:
        return self._index is not None and (path == self._index or _is_below(path, self._index))


def network_drive(folder: str, mounts: Path = _MOUNTS) -> str:
    """Name the network drive that a folder, given with links resolved, lies on; "" for none."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # no Linux
        return ""
    longest, kind = "", ""
    for line in lines:
        words = line.split()
        if len(words) < 7 or "-" not in words:
            continue
        place = re.sub(r"\\([0-7]{3})", lambda sign: chr(int(sign[1], 8)), words[4])
        holds = place == folder or _is_below(folder, place)
        if holds and len(place) >= len(longest):  # a later one lies above an earlier one
            longest, kind = place, words[words.index("-") + 1]
    return f"a network drive ({kind})" if kind in _NETWORK_DRIVES else ""


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip(os.sep)}{os.sep}")


def _is_hidden(name: str) -> bool:
    return name != os.curdir and any(part.startswith(".") for part in Path(name).parts)
