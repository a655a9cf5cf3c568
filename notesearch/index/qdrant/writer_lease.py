"""One writer at a time, from any machine: a lease in the engine, which ends by itself.

Taking it is one conditional write: only where the lease is free, has run out, or is one's own
already. Then it is read back. While the writer works, a thread prolongs it.

What this cannot guarantee: the engine's conditional write is decided on each replica, so after a
network is split two writers may each believe that they have it; and a writer that was suspended for
longer than the lease goes on writing when it wakes. Neither puts anything in force: whoever
publishes names the generation that it began from, and finds that another one is in force. Clocks
of machines may differ by less than the lease.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

from qdrant_client import models

from notesearch.errors import LockedError, NotesearchError
from notesearch.index.qdrant.engine_client import Engine, Payload
from notesearch.index.qdrant.point_conditions import is_value, is_within
from notesearch.index.qdrant.word_coding import record_id

LEASE_ID = record_id("lease", "")
LEASE_S = 60.0
_LONGEST_S = 10 * LEASE_S
_PROLONGED_EVERY_S = 20.0
_LOOK_AGAIN_S = 0.5
_at_work: set[str] = set()  # the owners of leases in this process


class WriterLease:
    """A lease that this process has, as long as it can prolong it."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now
        self.owner = secrets.token_hex(16)

    def take(self) -> str | None:
        """Take or prolong the lease; return who else has it, None where it is ours."""
        now = self._now()
        free: list[models.Condition] = [
            is_value("owner", self.owner),
            is_within("until", most=now),
            # No lease is so long: the clock of the machine that took it is ahead, by years maybe.
            is_within("until", least=now + _LONGEST_S),
        ]
        if _has_ended(before := self._read()):
            free.append(is_value("owner", before["owner"]))
        lease = {
            "kind": "lease",
            "owner": self.owner,
            "since": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "process": os.getpid(),
            "machine": socket.gethostname(),
            "until": now + LEASE_S,
        }
        point = models.PointStruct(id=LEASE_ID, vector={}, payload=lease)
        self._engine.put(self._engine.names.records, [point], only_where=models.Filter(should=free))
        found = self._read()
        if found.get("owner") == self.owner:
            _at_work.add(self.owner)
            return None
        process, machine, since = (found.get(key, "?") for key in ("process", "machine", "since"))
        return f"process {process} on {machine} since {since}"

    def _read(self) -> Payload:
        return self._engine.read(self._engine.names.records, [LEASE_ID]).get(LEASE_ID, {})

    def require(self) -> None:
        """Prolong the lease; LockedError where another writer has it by now."""
        if holder := self.take():
            raise LockedError(
                f"{self._engine.address.text}: the lease of this update ran out, and {holder} "
                "writes now; nothing was published; update again when that has finished"
            )

    def give_back(self) -> None:
        """Let the next writer begin at once."""
        _at_work.discard(self.owner)
        own = models.Filter(must=[is_value("owner", self.owner)])
        self._engine.set(self._engine.names.records, {"until": 0.0}, own)


@contextmanager
def writer_lease(engine: Engine, timeout_s: float) -> Iterator[WriterLease]:
    """Hold an index for writing; LockedError names the holder when `timeout_s` has passed."""
    lease = WriterLease(engine)
    deadline = time.monotonic() + timeout_s
    while holder := lease.take():
        if time.monotonic() >= deadline:
            raise LockedError(
                f"{engine.address.text} is being written by {holder}; wait for it to finish, then "
                "try again"
            )
        time.sleep(min(_LOOK_AGAIN_S, max(deadline - time.monotonic(), 0.01)))
    ended = threading.Event()
    prolonging = threading.Thread(target=_prolong, args=(lease, ended), name="lease", daemon=True)
    prolonging.start()
    try:
        yield lease
    finally:
        ended.set()
        prolonging.join()
        with suppress(NotesearchError):  # it runs out by itself
            lease.give_back()


def _prolong(lease: WriterLease, ended: threading.Event) -> None:
    while not ended.wait(_PROLONGED_EVERY_S):
        with suppress(NotesearchError):  # the writer notices before it publishes
            lease.take()


def _has_ended(lease: Payload) -> bool:
    """Return whether the writer was on this machine, and is no more: a minute less to wait."""
    process = lease.get("process")
    if lease.get("machine") != socket.gethostname() or not isinstance(process, int):
        return False
    if process == os.getpid():
        return lease["owner"] not in _at_work
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
