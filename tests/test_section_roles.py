from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.records import Role
from notesearch.section_roles import roles_of, roles_of_line
from tests.linear_time import assert_linear

CASES: dict[str, list[list[str]]] = yaml.safe_load(
    Path(__file__).with_name("section_role_cases.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("heading", "roles"), [(case[0], case[1:]) for case in CASES["roles"]])
def test_heading_gives_its_section_roles(heading: str, roles: list[str]) -> None:
    assert [role.value for role in roles_of(heading)] == roles


@pytest.mark.parametrize(("line", "roles"), [(case[0], case[1:]) for case in CASES["role_lines"]])
def test_line_claims_roles_for_its_paragraph(line: str, roles: list[str]) -> None:
    assert [role.value for role in roles_of_line(line)] == roles


def test_every_role_has_a_heading() -> None:
    assert {Role(role) for case in CASES["roles"] for role in case[1:]} == set(Role)


@pytest.mark.parametrize("role", list(Role))
def test_name_of_a_role_is_a_heading_of_it(role: Role) -> None:
    assert roles_of(role.value) == (role,)


@pytest.mark.parametrize("mark", ["#", "3.", "3.2", "(2)", "IV.", "a)", "📝", "⚠️", ":memo:", "**"])
@pytest.mark.parametrize("role", list(Role))
def test_mark_before_a_heading_leaves_its_role(role: Role, mark: str) -> None:
    assert roles_of(f"{mark} {role.value.title()}:") == (role,)


@given(st.text() | st.text(alphabet="#*[]():;,/&-. 123TLDRresults", max_size=120))
def test_any_heading_is_read(heading: str) -> None:
    assert set(roles_of(heading)) | set(roles_of_line(heading)) <= set(Role)


@pytest.mark.parametrize(
    "unit", ["#", "tl;dr ", "[", "1.", "results and ", " ", ":", "(", "{", "> "]
)
def test_heading_without_end_has_no_role_in_linear_time(unit: str) -> None:
    def read(size: int) -> None:
        heading = unit * (size // len(unit))
        assert roles_of(heading) == ()
        assert roles_of_line(heading) in ((), (Role.TLDR,))

    assert_linear(read, 50_000)
