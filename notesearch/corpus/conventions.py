"""What a whole collection shows of its writer's habits, where one file can't tell."""

from __future__ import annotations

from pathlib import Path

from notesearch.corpus.facts.tags import hashtag_line
from notesearch.records import ListedFile

# Lines of nothing but hashtags in so many files: who writes these also writes them in prose.
_FILES_WITH_HASHTAGS = 10
_SAMPLE = 300


def writes_inline_tags(corpus: Path, files: tuple[ListedFile, ...]) -> bool:
    """Tell whether #words in prose are tags here; in most collections they mean "number of"."""
    if (corpus / ".obsidian").is_dir():
        return True
    step = max(1, len(files) // _SAMPLE)
    shown = 0
    for file in files[::step]:
        try:
            text = (corpus / file.path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if "#" in text and any(hashtag_line(line) for line in text.split("\n") if "#" in line):
            shown += 1
            if shown == _FILES_WITH_HASHTAGS:
                return True
    return False
