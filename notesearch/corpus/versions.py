"""Which reading made an index; raised whenever the same file may give other passages.

An index of an older version reads its notes anew and embeds only the texts that are new.
"""

from __future__ import annotations

READER_VERSION = 3
CHUNKER_VERSION = 3
