from __future__ import annotations

import random
from pathlib import Path

import pytest

from notesearch.index.digest import digest_of


@pytest.mark.parametrize("size", [0, 1, 7, 4095, 4096, 4097, (1 << 20) - 1, (1 << 20) + 4099])
def test_every_changed_byte_changes_the_digest(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    content = bytearray(random.Random(1).randbytes(size))
    path.write_bytes(content)
    digest = digest_of(path)
    dice = random.Random(2)
    for position in {0, size - 1, *(dice.randrange(size) for _ in range(5))} if size else ():
        content[position] ^= 1 << dice.randrange(8)
        path.write_bytes(content)
        assert digest_of(path) != digest
        content[:] = random.Random(1).randbytes(size)
    path.write_bytes(content)
    assert digest_of(path) == digest


def test_size_and_order_of_blocks_count(tmp_path: Path) -> None:
    path = tmp_path / "file"
    blocks = [bytes([number]) * 4096 for number in range(3)]
    digests = set()
    for content in (
        b"".join(blocks),
        b"".join(reversed(blocks)),
        b"".join(blocks) + b"\0",
        b"".join(blocks[:2]),
        b"".join(blocks)[:-1],
    ):
        path.write_bytes(content)
        digests.add(digest_of(path))
    assert len(digests) == 5
