"""The autograder: draws cases, runs submissions in a sandbox, compares, explains and keeps the score."""

import sys
from importlib.metadata import entry_points

# nbformat imports jsonschema, which would build 38 parsers if this package is installed: more than a second in every
# process. They are for addresses with letters beyond ASCII, which the schema of a notebook does not have.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None stands for "not installed"


def version() -> str:
    """The version of the grader that is installed, as its pyproject.toml says it; ``"unknown"`` where none is."""
    for script in entry_points(group="console_scripts", name="grader"):
        if script.value == "grader.cli:main" and script.dist is not None:
            return script.dist.version
    return "unknown"
