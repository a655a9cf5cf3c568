"""What went wrong in parsing YAML, as an error of ours says it."""

from __future__ import annotations

import yaml

YAML_FAULTS = (yaml.YAMLError, ValueError, RecursionError)


def describe_fault(error: Exception) -> str:
    """Say the line, where it is known, and the problem: `, line 3: not YAML: …`."""
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    return f"{line}: not YAML: {problem}"
