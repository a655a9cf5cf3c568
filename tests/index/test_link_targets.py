"""Which note a link means."""

from __future__ import annotations

import pytest

from notesearch.index.link_targets import LinkTargets
from notesearch.index.snapshot import NoteNames
from notesearch.records import LinkKind, NoteLink
from tests.linear_time import assert_linear

NOTES = (
    ("alignment/dpo.md", "Direct Preference Optimization", ("DPO paper",), 1, None, ()),
    ("rl/ppo.md", "Proximal Policy Optimization", (), 1, None, ()),
    ("rl/old/ppo.md", "Notes on clipping", (), 1, None, ()),
    ("2026-03-14-wgan.md", "Wasserstein GAN", (), 1, None, ()),
    ("Llama 3.1.md", "The Llama 3 Herd", (), 1, None, ()),
    ("digest.md", "March", (), 1, None, ()),
    ("digest.md", "Attention Is All You Need", (), 4, None, ()),
    ("digest.md", "Flash Attention", (), 9, None, ()),
    ("Größe.md", "Scaling", (), 1, None, ()),
    ("roam/kto.org", "KTO", (), 1, None, ("5A1D-77", "B2")),
    ("top.md", "The top", (), 1, None, ()),
    ("rl/top.md", "Another top", (), 1, None, ()),
    ("web/README.md", "A", (), 1, None, ()),
    ("nets/README.md", "B", (), 1, None, ()),
    ("read/@lee2020.md", "Lee", (), 1, "arxiv:2001.00001", ()),
    ("read/cho.md", "Cho", ("@choTables",), 1, "doi:10.1/b", ()),
    ("old/kim2019.md", "Kim", (), 1, "arxiv:1901.00001", ()),
    ("digest.md", "Kim again", (), 20, "arxiv:1901.00001", ()),
    ("guide/intro.rst", "Intro", (), 1, None, ("limits", "Top Part")),
)
NAMES = [
    NoteNames(number, path, title, aliases, line, "", "", paper, link_ids)
    for number, (path, title, aliases, line, paper, link_ids) in enumerate(NOTES)
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


def test_id_of_a_heading_means_the_file_of_it() -> None:
    assert found(LinkKind.ORG, "id:b2", "x.org") == "roam/kto.org"


@pytest.mark.parametrize(
    ("kind", "target", "from_path", "path"),
    [
        (LinkKind.CITATION, "@lee2020", "x.md", "read/@lee2020.md"),
        (LinkKind.CITATION, "@Lee2020", "x.md", "read/@lee2020.md"),
        (LinkKind.CITATION, "@choTables", "x.md", "read/cho.md"),
        (LinkKind.CITATION, "@kim2019", "x.md", "old/kim2019.md"),
        # A file's name alone, or a title, is no key: people are called so.
        (LinkKind.CITATION, "@cho", "x.md", None),
        (LinkKind.CITATION, "@ppo", "x.md", None),
        (LinkKind.WIKILINK, "@lee2020", "x.md", "read/@lee2020.md"),
        (LinkKind.WIKILINK, "@choTables", "x.md", "read/cho.md"),
        (LinkKind.PAPER, "doi:10.1/b", "x.md", "read/cho.md"),
        # A whole file before a part of one that is nearer.
        (LinkKind.PAPER, "arxiv:1901.00001", "digest.md", "old/kim2019.md"),
        (LinkKind.PAPER, "arxiv:2402.00002", "x.md", None),
        (LinkKind.WIKILINK, "arXiv:2001.00001v2", "x.md", "read/@lee2020.md"),
        (LinkKind.WIKILINK, "2001.00001", "x.md", "read/@lee2020.md"),
        (LinkKind.WIKILINK, "2402.00002", "x.md", None),
        (LinkKind.RST, "doc:intro", "guide/x.rst", "guide/intro.rst"),
        (LinkKind.RST, "doc:/guide/intro", "deep/er/x.rst", "guide/intro.rst"),
        (LinkKind.RST, "ref:top part", "x.rst", "guide/intro.rst"),
        (LinkKind.RST, "ref:intro", "x.rst", None),
    ],
)
def test_paper_or_label_means(kind: LinkKind, target: str, from_path: str, path: str) -> None:
    assert found(kind, target, from_path) == path


def test_many_links_to_many_notes_of_one_name_are_found_in_linear_time() -> None:
    def find(size: int) -> None:
        paper = "arxiv:2001.00001"
        names = [NoteNames(n, f"{n}/README.md", "T", (), 1, "", "", paper) for n in range(size)]
        targets = LinkTargets(names)
        for _ in range(size):
            targets.find(NoteLink(LinkKind.WIKILINK, "README", 1, ""), "a/x.md")
            targets.find(NoteLink(LinkKind.WIKILINK, "T#x", 1, ""), "a/x.md")
            targets.find(NoteLink(LinkKind.PAPER, paper, 1, ""), "a/x.md")

    assert_linear(find, 500)
