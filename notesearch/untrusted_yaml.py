"""Read YAML that strangers wrote as plain values, or say in which line it is wrong: the one door.

What YAML can say beyond values of a table is not read: aliases, which multiply without bound,
and objects. Nothing takes longer than its length allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader as _BestLoader
else:
    _BestLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

YAML_FAULTS = (yaml.YAMLError,)
_MOST_SIGNS = 5_000_000
_MAX_DEPTH = 50
_LONGEST_NUMBER = 100  # Python itself refuses 5,000 digits, and takes hours for 59:59:59:…


class _Loader(_BestLoader):
    """A safe loader whose faults all have a line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401
        """Make the value of a node; an error with its line where there is no such value."""
        if not isinstance(node, yaml.ScalarNode):
            return super().construct_object(node, deep)
        kind = node.tag.rpartition(":")[2]
        if kind in ("int", "float") and len(node.value) > _LONGEST_NUMBER:
            raise _fault(f"a number of {len(node.value):,} digits", node)
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise _fault(f"{node.value!r:.40} is no {kind}", node) from error

    def construct_set(self, node: yaml.MappingNode) -> list[object]:
        """Return the items of a `!!set` as a list, in their order."""
        return list(self.construct_mapping(node))

    def construct_text(self, node: yaml.ScalarNode) -> str:
        """Return the text in `!!binary`."""
        return self.construct_yaml_binary(node).decode("utf-8", "replace")


_Loader.add_constructor("tag:yaml.org,2002:set", _Loader.construct_set)
_Loader.add_constructor("tag:yaml.org,2002:binary", _Loader.construct_text)


def load_yaml(text: str) -> object:
    """Read one YAML document as plain values; yaml.YAMLError for what is not to be read."""
    if len(text) > _MOST_SIGNS:
        raise yaml.YAMLError(f"longer than {_MOST_SIGNS:,} signs")
    _refuse_aliases_and_depth(text)
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _refuse_aliases_and_depth(text: str) -> None:
    """Raise for an alias and for nesting without end.

    Nodes are made by recursion in C, which no error ends: the events are looked at before.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_BestLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _fault("it uses aliases (*name); write the value out", event)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise _fault(f"nested deeper than {_MAX_DEPTH}", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _fault(problem: str, found: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    mark: Any = found.start_mark  # of the parser in C or the one in Python
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def describe_fault(error: Exception) -> str:
    """Return the line, where it is known, and the problem: `, line 3: not YAML: …`."""
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    return f"{line}: not YAML: {problem}"
