"""Which note a link means."""

from __future__ import annotations

import pytest

from notesearch.index.link_targets import LinkTargets
from notesearch.index.snapshot import NoteNames
from notesearch.records import LinkKind, NoteLink
from tests.linear_time import assert_linear

NOTES = (
    ("alignment/dpo.md", "Direct Preference Optimization", ("DPO paper",), 1, None),
    ("rl/ppo.md", "Proximal Policy Optimization", (), 1, None),
    ("rl/old/ppo.md", "Notes on clipping", (), 1, None),
    ("2026-03-14-wgan.md", "Wasserstein GAN", (), 1, None),
    ("Llama 3.1.md", "The Llama 3 Herd", (), 1, None),
    ("digest.md", "March", (), 1, None),
    ("digest.md", "Attention Is All You Need", (), 4, None),
    ("digest.md", "Flash Attention", (), 9, None),
    ("Größe.md", "Scaling", (), 1, None),
    ("roam/kto.org", "KTO", (), 1, "5A1D-77"),
    ("top.md", "The top", (), 1, None),
    ("rl/top.md", "Another top", (), 1, None),
    ("web/README.md", "A", (), 1, None),
    ("nets/README.md", "B", (), 1, None),
)
NAMES = [
    NoteNames(number, path, title, aliases, line, "", org_id)
    for number, (path, title, aliases, line, org_id) in enumerate(NOTES)
]


def found(kind: LinkKind, target: str, from_path: str) -> str | None:
    number = LinkTargets(NAMES).find(NoteLink(kind, target, 1, ""), from_path)
    if number is None:
        return None
    note = NAMES[number]
    return f"{note.path}:{note.line_start}" if note.line_start > 1 else note.path


@pytest.mark.parametrize(
    ("name", "from_path", "path"),
    [
        ("dpo", "x.md", "alignment/dpo.md"),
        ("DPO.md", "x.md", "alignment/dpo.md"),
        ("alignment/dpo", "rl/x.md", "alignment/dpo.md"),
        ("dpo#Limits", "x.md", "alignment/dpo.md"),
        ("direct preference optimization", "x.md", "alignment/dpo.md"),
        ("DPO Paper", "x.md", "alignment/dpo.md"),
        ("wgan", "x.md", "2026-03-14-wgan.md"),
        ("Llama 3.1", "x.md", "Llama 3.1.md"),
        ("Gro\u0308ße", "x.md", "Größe.md"),
        # Of several, the one in the nearest folder, then the shortest path.
        ("ppo", "x.md", "rl/ppo.md"),
        ("ppo", "rl/old/x.md", "rl/old/ppo.md"),
        ("ppo", "rl/x.md", "rl/ppo.md"),
        ("old/ppo", "x.md", "rl/old/ppo.md"),
        ("top", "rl/x.md", "rl/top.md"),
        ("/top", "rl/x.md", "top.md"),
        ("../top", "rl/x.md", "top.md"),
        # A heading may name one of the notes of a file.
        ("digest", "x.md", "digest.md"),
        ("digest#Flash Attention", "x.md", "digest.md:9"),
        ("digest#Nothing like it", "x.md", "digest.md"),
        ("attention is all you need", "x.md", "digest.md:4"),
        ("reward hacking", "x.md", None),
        ("web/dpo", "x.md", None),
        ("???", "x.md", None),
    ],
)
def test_name_means(name: str, from_path: str, path: str | None) -> None:
    assert found(LinkKind.WIKILINK, name, from_path) == path
    assert found(LinkKind.EMBED, name, from_path) == path


@pytest.mark.parametrize(
    ("target", "from_path", "path"),
    [
        ("ppo.md", "rl/x.md", "rl/ppo.md"),
        ("./old/ppo.md", "rl/x.md", "rl/old/ppo.md"),
        ("../alignment/dpo.md#limits", "rl/x.md", "alignment/dpo.md"),
        ("../alignment/dpo", "rl/x.md", "alignment/dpo.md"),
        ("Llama%203.1.md", "x.md", "Llama 3.1.md"),
        ("/alignment/dpo.md?plain=1", "rl/x.md", "alignment/dpo.md"),
        ("digest.md#flash-attention", "x.md", "digest.md:9"),
        ("alignment/dpo.md", "rl/x.md", "alignment/dpo.md"),  # as seen from the top
        ("dpo.md", "rl/x.md", "alignment/dpo.md"),  # the only file of the name
        ("README.md", "rl/x.md", None),  # no file beside it, and two of the name
        ("Direct Preference Optimization", "x.md", None),
        ("../../x.md", "rl/x.md", None),
    ],
)
def test_path_means(target: str, from_path: str, path: str | None) -> None:
    assert found(LinkKind.MARKDOWN, target, from_path) == path


def test_org_id_means_its_file() -> None:
    assert found(LinkKind.ORG, "id:5a1d-77", "x.org") == "roam/kto.org"
    assert found(LinkKind.ORG, "id:0000", "x.org") is None
    assert found(LinkKind.ORG, "../roam/kto.org", "rl/x.org") == "roam/kto.org"


def test_many_links_to_many_notes_of_one_name_are_found_in_linear_time() -> None:
    def find(size: int) -> None:
        names = [NoteNames(n, f"{n}/README.md", "T", (), 1) for n in range(size)]
        targets = LinkTargets(names)
        for _ in range(size):
            targets.find(NoteLink(LinkKind.WIKILINK, "README", 1, ""), "a/x.md")
            targets.find(NoteLink(LinkKind.WIKILINK, "T#x", 1, ""), "a/x.md")

    assert_linear(find, 500)
