from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.records import Role
from notesearch.spelling import is_generic_heading, role_of, role_of_line

CASES: dict[str, list[Any]] = yaml.safe_load(
    Path(__file__).with_name("spelling_cases.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("heading", "role"), CASES["headings"])
def test_heading_gives_its_section_a_role(heading: str, role: str | None) -> None:
    assert role_of(heading) is (None if role is None else Role(role))


@pytest.mark.parametrize(("line", "role"), CASES["lines"])
def test_line_claims_a_role_for_its_paragraph(line: str, role: str | None) -> None:
    assert role_of_line(line) is (None if role is None else Role(role))


@pytest.mark.parametrize("heading", CASES["generic"])
def test_heading_names_a_section(heading: str) -> None:
    assert is_generic_heading(heading)


@pytest.mark.parametrize("heading", CASES["specific"])
def test_heading_names_a_paper(heading: str) -> None:
    assert not is_generic_heading(heading)


def test_every_role_has_a_heading() -> None:
    assert {Role(role) for _, role in CASES["headings"] if role} == set(Role)


@pytest.mark.parametrize("role", list(Role))
def test_name_of_a_role_is_a_heading_of_it(role: Role) -> None:
    assert role_of(role.value) is role
    assert is_generic_heading(role.value)


@pytest.mark.parametrize("mark", ["#", "3.", "3.2", "(2)", "IV.", "a)", "📝", "⚠️", ":memo:", "**"])
@pytest.mark.parametrize("role", list(Role))
def test_mark_before_a_heading_leaves_its_role(role: Role, mark: str) -> None:
    assert role_of(f"{mark} {role.value.title()}:") is role


@given(st.text() | st.text(alphabet="#*[]():;,/&-. 123TLDRresults", max_size=120))
def test_any_heading_is_read(heading: str) -> None:
    assert role_of(heading) is None or isinstance(role_of(heading), Role)
    assert is_generic_heading(heading) in (True, False)
    assert role_of_line(heading) is None or isinstance(role_of_line(heading), Role)


@pytest.mark.parametrize(
    "unit", ["#", "tl;dr ", "[", "1.", "results and ", " ", ":", "(", "{", "> "]
)
def test_heading_of_a_megabyte_has_no_role(unit: str) -> None:
    heading = unit * (1_000_000 // len(unit))
    assert role_of(heading) is None
    assert not is_generic_heading(heading)
    assert role_of_line(heading) is None
