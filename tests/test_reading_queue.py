"""What notes say is to be done next, and the papers that they name and no note is on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notesearch import Index, JoinedIndex, StepKind
from notesearch.named_steps import kind_of_heading
from tests.fakes import WordEmbedder

MakeIndex = Callable[[dict[str, str]], Index]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeIndex]:
    opened: list[Index] = []

    def make_index(notes: dict[str, str]) -> Index:
        folder = tmp_path / str(len(opened))
        for path, text in notes.items():
            (folder / "corpus" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "corpus" / path).write_text(text, encoding="utf-8")
        index = Index.open(folder / "index", WordEmbedder(), create=True)
        opened.append(index)
        index.update(folder / "corpus")
        return index

    yield make_index
    for index in opened:
        index.close()


def steps_of(index: Index, where: str | None = None) -> list[tuple[str, int, str, str]]:
    queue = index.reading_queue(where)
    return [(step.path, step.line, step.kind.value, step.text) for step in queue.steps]


def test_tasks_that_are_open_are_steps_wherever_they_stand(make: MakeIndex) -> None:
    note = """# DPO

A policy.

- [ ] Read the [appendix](https://example.org/a) again
- [x] Read the paper
- [-] Given up
* [ ] **Ask** Ann
1. [ ] count
- [ ]

TODO: derive the loss
- a proof (TODO check the sign)
~~TODO no more~~
This method TODOs nothing.

```python
# TODO: code of others
x = a[ ]
```
"""
    assert steps_of(make({"dpo.md": note})) == [
        ("dpo.md", 5, "task", "Read the appendix again"),
        ("dpo.md", 8, "task", "Ask Ann"),
        ("dpo.md", 9, "task", "count"),
        ("dpo.md", 12, "task", "derive the loss"),
        ("dpo.md", 13, "task", "check the sign)"),
    ]


def test_what_stands_under_a_heading_of_next_steps_is_a_step(make: MakeIndex) -> None:
    note = """# DPO

A policy.

## 3. What I'm trying next

Rerun it with a penalty
on the length.

Then, in a graph:

- plot the reward
  - by length
- compare with KTO

## Results

- a reward

**To read**

- The paper on KTO
- ~~the other~~

Open questions:

- Does the policy drift?
- where the proof ends

## Notes / Questions

- It is short.
- How short is the proof?
"""
    assert steps_of(make({"dpo.md": note})) == [
        ("dpo.md", 7, "next step", "Rerun it with a penalty"),
        ("dpo.md", 12, "next step", "plot the reward"),
        ("dpo.md", 14, "next step", "compare with KTO"),
        ("dpo.md", 22, "next step", "The paper on KTO"),
        ("dpo.md", 27, "question", "Does the policy drift?"),
        ("dpo.md", 28, "question", "where the proof ends"),
        ("dpo.md", 33, "question", "How short is the proof?"),
    ]


def test_org_files_have_tasks_for_headings(make: MakeIndex) -> None:
    note = "* DPO\nA policy.\n** TODO [#A] Rerun it\n** DONE Read it\n** Next steps\n- plot it\n"
    assert steps_of(make({"dpo.org": note})) == [
        ("dpo.org", 3, "task", "Rerun it"),
        ("dpo.org", 6, "next step", "plot it"),
    ]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Next steps", StepKind.NEXT_STEP),
        ("What I’m trying next", StepKind.NEXT_STEP),
        ("10. My next steps:", StepKind.NEXT_STEP),
        ("🚀 TODO", StepKind.NEXT_STEP),
        ("Action items / next steps", StepKind.NEXT_STEP),
        ("To-read", StepKind.NEXT_STEP),
        ("Papers to read", StepKind.NEXT_STEP),
        ("Follow-ups", StepKind.NEXT_STEP),
        ("Open questions", StepKind.QUESTION),
        ("Things I don't understand", StepKind.QUESTION),
        ("Questions", StepKind.QUESTION),
        # What a paper leaves to others, and what it asks itself.
        *((other, None) for other in ("Future work", "Limitations and future work", "Outlook")),
        *((other, None) for other in ("Question", "Research questions", "Extensions", "Notes")),
        *((other, None) for other in ("Next steps in Raft", "Summary and next steps", "")),
    ],
)
def test_headings_say_whether_something_is_to_be_done(heading: str, kind: StepKind | None) -> None:
    found = kind_of_heading(heading)
    assert (found[0] if found else None) is kind


def test_a_filter_chooses_what_is_read(make: MakeIndex) -> None:
    index = make(
        {
            "rl/dpo.md": "---\ntags: [rl]\n---\n# DPO\n\n- [ ] rerun\n",
            "vision/vit.md": "# ViT\n\n- [ ] cut it, see arxiv.org/abs/2402.01306\n",
        }
    )
    assert [path for path, *_ in steps_of(index)] == ["rl/dpo.md", "vision/vit.md"]
    assert steps_of(index, "tag:rl") == [("rl/dpo.md", 6, "task", "rerun")]
    assert index.reading_queue("tag:rl").papers == ()
    assert [one.paper for one in index.reading_queue("path:vision/").papers] == ["arxiv:2402.01306"]


def test_papers_that_no_note_is_on_come_by_how_many_notes_name_them(make: MakeIndex) -> None:
    index = make(
        {
            "dpo.md": "---\narxiv: 2305.18290\n---\n# DPO\n\n"
            "Like [KTO: Model Alignment as Prospect Theory](https://arxiv.org/abs/2402.01306v2), "
            "and 10.1145/3580305.3599790 too.\n",
            "ppo.md": "---\narxiv: 1707.06347\n---\n# PPO\n\nSee arXiv:2402.01306, 2305.18290.\n"
            "\nAnd arXiv:2402.01306 again.\n",
        }
    )
    kto, other = index.reading_queue().papers
    assert (kto.paper, kto.notes) == ("arxiv:2402.01306", 2)
    assert kto.title == "KTO: Model Alignment as Prospect Theory"
    assert [(one.path, one.line) for one in kto.mentions] == [("dpo.md", 6), ("ppo.md", 6)]
    assert (other.paper, other.notes) == ("doi:10.1145/3580305.3599790", 1)


def test_a_paper_with_a_note_in_any_spelling_of_its_identity_is_read(make: MakeIndex) -> None:
    other = "# Other\n\nA policy.\n\nSome words more.\n\n"
    index = make(
        {
            "dpo.md": "---\ndoi: 10.48550/arXiv.2305.18290\n---\n# DPO\n\nA policy.\n",
            "kto.md": "# KTO: Model Alignment as Prospect Theory\n\nNo pairs.\n",
            "late.md": f"{other}See arXiv:2305.18290.\n\nAnd "
            "[KTO: Model alignment as prospect theory](https://arxiv.org/abs/2402.01306).\n",
            "README.md": "# Papers\n\n- A proof [paper](https://arxiv.org/abs/1706.03762) "
            "[notes](notes/late.md)\n- Another [paper](https://arxiv.org/abs/2005.14165)\n"
            "- [Third](https://arxiv.org/abs/2203.02155)\n- more\n",
        }
    )
    found = {one.paper for one in index.reading_queue().papers}
    assert found == {"arxiv:2005.14165", "arxiv:2203.02155"}


def test_several_indexes_have_one_queue(make: MakeIndex) -> None:
    both = {
        "a": make({"dpo.md": "# DPO\n\nA policy.\n\n- [ ] rerun, see arXiv:2402.01306\n"}),
        "b": make({"kto.md": "---\narxiv: 2402.01306\n---\n# KTO\n\n- [ ] read on\n"}),
    }
    with JoinedIndex(both) as joined:
        queue = joined.reading_queue()
    assert [(step.path, step.text) for step in queue.steps] == [
        ("a:dpo.md", "rerun, see arXiv:2402.01306"),
        ("b:kto.md", "read on"),
    ]
    assert queue.papers == ()


def test_hostile_lines_take_no_longer_than_their_length(make: MakeIndex) -> None:
    parts = ("- [ ] ", "TODO ", "[a](", "**", "<", "[[", "policy arXiv:2402.01306 ", "(")
    begin = "---\narxiv: 2305.18290\n---\n# DPO\n\nA policy.\n\n"
    note = begin + "\n\n".join(part * 20_000 for part in parts)
    index = make({"dpo.md": note})
    assert {one.paper for one in index.reading_queue().papers} == {"arxiv:2402.01306"}
