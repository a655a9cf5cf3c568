"""The page under load: many requests at once, beside updates; and answers as a person types.

    python benchmarks/serving.py [--requests N] [--at-once N] [--updates N] [--typing INDEX]

A server of 500 notes is asked by several connections at once, while a program writes 20 of the
notes anew again and again, all with the same number. Each answer must be whole: of the numbers in
it, all are the same. With --typing, an index of one's own is asked as if its questions were typed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
WORDS = ("policy", "reward", "attention", "graph", "image", "speech", "protein", "robot", "proof")
CHANGING = 20
QUESTIONS = (
    "/api/search?q=what+is+the+number+of+the+robot&k=10",
    "/?q=reward+model+of+a+policy",
    "/?q=tag:changing",
    "/note/notes/7.md",
    "/api/notes?where=tag:changing",
    "/browse",
)
# All changing notes, in one answer.
WHOLE = f"/api/search?q=tag:changing&k={CHANGING}"
TYPED = (
    "why dropout works", "teaching a small model to imitate a big one", "reward hacking",
    "how does lora save memory", "vision transformer patches", "offline reinforcement learning",
)  # fmt: skip


def write_notes(corpus: Path, number: int, count: int = CHANGING) -> None:
    """Write the changing notes with a number, each whole or not at all."""
    for name in range(count):
        file = corpus / f"changing/{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = f"# Robot {name}\n\n#changing\n\nThe number of the robot is n{number}n today.\n"
        scratch = file.with_name(f".{name}.part")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(file)


def make_corpus(corpus: Path) -> None:
    """Write 500 notes that stay, and those that change."""
    for name in range(500):
        file = corpus / f"notes/{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        words = " ".join(WORDS[(name * step) % len(WORDS)] for step in range(1, 40))
        file.write_text(f"# Note {name}\n\n{words}.\n", encoding="utf-8")
    write_notes(corpus, 0)


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Served:
    """A server in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "notesearch", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, cwd=ROOT)
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if b"answering at" in line:
                return
        raise SystemExit("the server did not start")

    def get(self, path: str) -> bytes:
        """Return what a path gives."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return body

    def memory(self) -> float:
        """Return what the process holds now, in MB."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+)", text)
        return int(found[1]) / 1024 if found else 0.0

    def processor_seconds(self) -> float:
        """Return what the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").split()
        return (int(fields[13]) + int(fields[14])) / 100

    def stop(self) -> None:
        """End the process as Ctrl-C does."""
        self.process.terminate()
        self.process.wait()


class Load:
    """Connections that ask one question after the other."""

    def __init__(self, port: int, requests: int) -> None:
        self.port = port
        self.left = requests
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.mixed = 0
        self.numbers: set[str] = set()

    async def run(self, at_once: int) -> None:
        """Ask with so many connections at once until all is asked."""
        await asyncio.gather(*(self._ask(at) for at in range(at_once)))

    async def _ask(self, at: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while self.left > 0:
            self.left -= 1
            path = WHOLE if self.left % 4 == 0 else QUESTIONS[(self.left + at) % len(QUESTIONS)]
            began = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
            status, body = await _read(reader)
            self.seconds.append(time.perf_counter() - began)
            self.statuses[status] += 1
            if path == WHOLE and status == 200:
                found = re.findall(
                    r"is n(\d+)n", json.dumps([h["text"] for h in json.loads(body)["hits"]])
                )
                self.numbers.update(found)
                self.mixed += len(found) != CHANGING or len(set(found)) != 1
        writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return int(head.split()[1]), body


def under_load(requests: int, at_once: int, updates: int) -> None:
    """Ask while the notes change, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, index = Path(folder, "corpus"), Path(folder, "index")
        make_corpus(corpus)
        command = [sys.executable, "-m", "notesearch", "index", str(corpus), "--index", str(index)]
        subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
        served = Served("--index", str(index), "--no-watch")
        warm = Load(served.port, 500)
        asyncio.run(warm.run(8))
        before = served.memory()
        writing = subprocess.Popen(
            [sys.executable, __file__, "--write", str(corpus), str(index), str(updates)], cwd=ROOT
        )
        load = Load(served.port, requests)
        began = time.perf_counter()
        asyncio.run(load.run(at_once))
        took = time.perf_counter() - began
        writing.wait()
        after = served.memory()
        served.stop()
    seconds = sorted(load.seconds)
    p50, p99 = (seconds[int(len(seconds) * share)] for share in (0.5, 0.99))
    print("| requests | at once | updates seen | errors | mixed | p50 ms | p99 ms | a second |")
    print("|---|---|---|---|---|---|---|---|")
    errors = sum(count for status, count in load.statuses.items() if status != 200)
    print(
        f"| {len(seconds):,} | {at_once} | {len(load.numbers - {'0'})} of {updates} | {errors} "
        f"| {load.mixed} | {1000 * p50:.0f} | {1000 * p99:.0f} | {len(seconds) / took:.0f} |"
    )
    print(f"\nMemory {before:.0f} MB before, {after:.0f} MB after.")


def write_again_and_again(corpus: Path, index_dir: Path, updates: int) -> None:
    """Write the changing notes anew, and bring the index in step, so many times."""
    from notesearch import Index

    with Index.open(index_dir) as index:
        for number in range(1, updates + 1):
            write_notes(corpus, number)
            index.update()


def while_typing(index_dir: Path) -> None:
    """Ask as a person types, every second letter, one connection."""
    served = Served("--index", str(index_dir), "--no-watch")
    connection = HTTPConnection("127.0.0.1", served.port)
    passages = json.loads(served.get("/api/status"))["counts"]["passages"]
    taken = []
    for question in ("warm up", *TYPED):
        for end in range(3, len(question) + 1, 2):
            began = time.perf_counter()
            connection.request("GET", f"/?q={quote(question[:end])}", headers={"X-Part": "main"})
            connection.getresponse().read()
            taken.append(time.perf_counter() - began)
    taken = sorted(taken[3:])
    print("| passages | answers | p50 ms | p90 ms | p99 ms |\n|---|---|---|---|---|")
    shown = " | ".join(f"{1000 * taken[int(len(taken) * p)]:.0f}" for p in (0.5, 0.9, 0.99))
    print(f"| {passages:,} | {len(taken)} | {shown} |")
    before = served.processor_seconds()
    time.sleep(60)
    print(f"\nIdle for 60 s: {served.processor_seconds() - before:.2f} s of the processor.")
    served.stop()


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--typing", type=Path)
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write_again_and_again(Path(given.write[0]), Path(given.write[1]), int(given.write[2]))
    elif given.typing:
        while_typing(given.typing)
    else:
        under_load(given.requests, given.at_once, given.updates)


if __name__ == "__main__":
    main()
