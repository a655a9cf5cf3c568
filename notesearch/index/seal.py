"""A catalog at rest is sealed with its digest, so that one flipped byte does not go unseen.

SQLite notices a broken page, not a changed letter. The digest is removed before a writer's
first change and comes back when the log is empty again; while it is absent (a writer is at
work, or was killed) there is nothing to compare with.
"""

from __future__ import annotations

from notesearch.index.catalog import Catalog
from notesearch.index.layout import IndexLayout, damaged, sync_folder, write_whole


def verify_seal(layout: IndexLayout, catalog: Catalog) -> None:
    """Raise DamagedIndexError when the sealed catalog is not what was written."""
    expected = _seal(layout)
    while expected is not None and catalog.digest() != expected:
        still = _seal(layout)
        if still == expected:
            raise damaged(
                layout.catalog,
                "is not as it was written: some byte of it has changed",
                "run: notesearch index --rebuild",
            )
        expected = still  # a writer has been here meanwhile


def break_seal(layout: IndexLayout) -> None:
    """Remove the digest, for good, before the first change."""
    if layout.catalog_digest.exists():
        layout.catalog_digest.unlink()
        sync_folder(layout.index_dir)


def put_seal(layout: IndexLayout, catalog: Catalog) -> None:
    """Bring the catalog to rest and write its digest; not while a reader holds the log.

    A new catalog that was not put in place leaves the seal of the old one as it is.
    """
    if catalog.is_installed(layout) and catalog.settle():
        write_whole(layout.catalog_digest, catalog.digest() + "\n")


def _seal(layout: IndexLayout) -> str | None:
    try:
        return layout.catalog_digest.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
