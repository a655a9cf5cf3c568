"""`notesearch mcp` over its life: to its first answer, from question to question, and at rest.

    python benchmarks/agents.py [--runs N] [--rest SECONDS]

Each server is a process of its own over the notes in corpus/, spoken to line by line as a client
does; what it takes at rest is read from /proc, so on Linux alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUESTION = "why DPO avoids reward model"
COMMAND = "from notesearch.cli import run; run()"
# In a process of its own: a child starts with the memory of its parent on its account.
PREPARE = """
import sys
from notesearch import Index
with Index.open(sys.argv[1], create=True) as index:
    index.update("corpus")
"""


class Server:
    """A server that has been started, and is not yet asked."""

    def __init__(self, index_dir: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "mcp", "--index", str(index_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def greet(self) -> None:
        """Begin the conversation."""
        client = {"name": "benchmark", "version": "1"}
        self._ask(
            "initialize",
            {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client},
        )
        self._send({"method": "notifications/initialized"})

    def search(self) -> None:
        """Ask the question."""
        answer = self._ask("tools/call", {"name": "search", "arguments": {"question": QUESTION}})
        assert not answer["result"]["isError"], answer

    def processor_s(self) -> float:
        """Return the seconds of the processor that it has taken."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Return the memory that it holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def close(self) -> None:
        """End it as a client does."""
        self._process.communicate()

    def _ask(self, method: str, params: object) -> dict[str, dict[str, object]]:
        self._send({"id": 1, "method": method, "params": params})
        assert self._process.stdout is not None
        answer: dict[str, dict[str, object]] = json.loads(self._process.stdout.readline())
        return answer

    def _send(self, message: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._process.stdin.flush()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--rest", type=float, default=60.0)
    options = parser.parse_args()
    taken: dict[str, list[float]] = {"first answer": [], "first search": [], "later search": []}
    with tempfile.TemporaryDirectory() as folder:
        index_dir = Path(folder, "index")
        subprocess.run([sys.executable, "-c", PREPARE, str(index_dir)], cwd=ROOT, check=True)
        for _ in range(options.runs):
            began = time.perf_counter()
            server = Server(index_dir)
            server.greet()
            taken["first answer"].append(time.perf_counter() - began)
            for number in range(10):
                began = time.perf_counter()
                server.search()
                name = "later search" if number else "first search"
                taken[name].append(time.perf_counter() - began)
            server.close()
        print("| notesearch mcp | median | worst |\n|---|---|---|")
        for name, figures in taken.items():
            median, worst = statistics.median(figures) * 1e3, max(figures) * 1e3
            print(f"| {name}, ms | {median:.0f} | {worst:.0f} |")
        for name, searches in (("greeted", 0), ("asked three times", 3)):
            server = Server(index_dir)
            server.greet()
            if not searches:
                print(f"| to the first answer: processor, s | {server.processor_s():.2f} | |")
            for _ in range(searches):
                server.search()
            time.sleep(1)
            before = server.processor_s()
            time.sleep(options.rest)
            at_rest = server.processor_s() - before
            print(f"| {name}: processor in {options.rest:.0f} s at rest, s | {at_rest:.2f} | |")
            print(f"| {name}: memory, MB | {server.memory_mb():.0f} | |")
            server.close()


if __name__ == "__main__":
    main()
