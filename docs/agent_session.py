"""Hold a conversation with `notesearch mcp` as an agent does, and write it down for docs/agents.md.

python docs/agent_session.py [--index DIR]

The answer at its end is written by hand: no language model takes part. Each of its citations has to
be of lines that a tool has shown.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters
from tokenizers import Tokenizer

_ROOT = Path(__file__).parents[1]
_TOKENIZER = _ROOT / "notesearch/embedding/shipped/encoder/tokenizer.json"
_QUESTION = "Why does DPO need no reward model, and what does it give up for that?"
_CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("search", {"question": "why DPO avoids reward model", "k": 3}),
    ("search", {"question": "section:limitations what DPO gives up tag:dpo", "k": 3}),
    ("read", {"note": "alignment/dpo.md", "from_line": 13, "lines": 6}),
)
_ANSWER = """\
The policy already contains the reward: the best policy of the KL-constrained problem is the
reference reweighted by the exponentiated reward, so the reward can be written with policy and
reference alone, and the term Z(x) that nobody can compute cancels when two answers to one prompt
are compared (alignment/dpo.md:13-18). The same holds token by token
(alignment/r-to-q-star.md:12-13).

What it gives up: all pairs are collected beforehand, so nothing corrects the policy once it drifts
away from them, and with near-deterministic labels the KL leash loosens (alignment/dpo.md:29-30)."""
_CITATION = re.compile(r"[\w./-]+\.\w+:\d+(?:-\d+)?")


async def _converse(options: list[str]) -> tuple[list[tuple[str, str]], str]:
    """Return what the agent reads of the server, and what it asks, each with its answer."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "notesearch", "mcp", *options], cwd=_ROOT
    )
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        told = [
            {"name": t.name, "description": t.description, "inputSchema": t.input_schema}
            for t in tools
        ]
        read = [
            ("the four tools, names, descriptions and schemas", json.dumps(told)),
            ("the introduction to the index", client.instructions or ""),
        ]
        lines = []
        for name, arguments in _CALLS:
            given = json.dumps(arguments, ensure_ascii=False)
            result = await client.call_tool(name, arguments)
            (content,) = result.content
            assert content.type == "text"
            read.append((f"`{name}` {given}", content.text))
            lines.append(f"> {name} {given}\n{content.text}\n")
    return read, "\n".join(lines)


def _require_shown(answer: str, shown: str) -> None:
    """Raise an error for a citation of lines that no tool has shown."""
    lost = [place for place in _CITATION.findall(answer) if place not in shown]
    if lost:
        raise SystemExit(f"not shown by any tool: {', '.join(lost)}")


def main(options: list[str]) -> None:
    """Write the conversation, then what it costs."""
    read, conversation = anyio.run(_converse, options)
    _require_shown(_ANSWER, conversation)
    tokenizer = Tokenizer.from_file(str(_TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    rows = [
        (what, len(tokenizer.encode(text, add_special_tokens=False).ids)) for what, text in read
    ]
    table = "\n".join(f"| {what} | {tokens:,} |" for what, tokens in rows)
    total = sum(tokens for _, tokens in rows)
    sys.stdout.write(
        f"```text\nThe person: {_QUESTION}\n\n{conversation}\nThe answer:\n{_ANSWER}\n```\n\n"
        f"| what a model reads | tokens |\n|---|---|\n{table}\n| together | {total:,} |\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
