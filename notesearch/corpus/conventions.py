"""What a whole collection shows of its writer's habits, where one file can't tell."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path

from notesearch.corpus.facts.tags import hashtag_line
from notesearch.regular_files import read_bytes

# Lines of nothing but hashtags in so many files: who writes these also writes them in prose.
_FILES_WITH_HASHTAGS = 10
# As many as are read in a tenth of a second: every update asks.
_SAMPLE = 300
_START_BYTES = 20_000


def writes_inline_tags(corpus: Path, paths: Sequence[str], *, follow_links: bool = False) -> bool:
    """Tell whether #words in prose are tags here; in most collections they mean "number of".

    A sample tells, the same for the same paths: the hashes of the paths choose it, so that a
    file added or removed changes one of its members at most.
    """
    if (corpus / ".obsidian").is_dir():
        return True
    shown = 0
    for path in nsmallest(_SAMPLE, paths, key=_hash):
        try:
            data = read_bytes(corpus, path, most=_START_BYTES, follow_links=follow_links)
        except OSError:
            continue
        lines = data.decode("utf-8", "replace").split("\n") if b"#" in data else ()
        if any(hashtag_line(line) for line in lines if "#" in line):
            shown += 1
            if shown == _FILES_WITH_HASHTAGS:
                return True
    return False


def _hash(path: str) -> bytes:
    return blake2b(path.encode("utf-8", "surrogatepass"), digest_size=8).digest()
