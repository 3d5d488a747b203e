"""What `utils` may import: it is given to students, so nothing of the course's own side."""

import ast
from pathlib import Path

import pytest

import utils

FORBIDDEN = {"nndl", "grader", "solutions"}
FILES = sorted(Path(utils.__file__).parent.rglob("*.py"))


def imported(source):
    """The top-level packages that a module names in its import statements."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_utils_stands_alone(path):
    assert not FORBIDDEN & set(imported(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "line", ["import nndl.layers", "from grader import oracle", "def f():\n    import solutions as s"]
)
def test_the_rule_sees_every_way_to_import(line):
    assert FORBIDDEN & set(imported(line))
