"""Ways of writing the same right answer, all of which earn everything: in the sandbox, with every file written so."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest

from grader.course import Course
from grader.demo import MARKERS
from grader.judging import oracle
from grader.reference import Reference
from grader.sandbox import choose_confinement
from grader.submission import Submission

Files = dict[str, str]


def star_imports(files: Files) -> Files:
    """``from .layers import *``, which brings NumPy along, too."""
    starred = {}
    for name, text in files.items():
        starred[name] = re.sub(r"from \.(\w+) import (\([^)]*\)|.*)", r"from .\1 import *", text)
        if "from .layers import *" in starred[name]:
            starred[name] = starred[name].replace("import numpy as np\n", "")
    return starred


def absolute_imports(files: Files) -> Files:
    return {
        name: re.sub(r"^from \.(\w+) import", r"from nndl.\1 import", text, flags=re.M) for name, text in files.items()
    }


def old_openings(files: Files) -> Files:
    """What stood at the head of a file in the days of two Pythons, and imports that are never used."""
    head = (
        "from __future__ import absolute_import, division, print_function\n"
        "from builtins import object, range\nfrom past.builtins import xrange\n"
        "from six.moves import cPickle as pickle\n"
        "import os, sys, scipy.special, pandas as pd, sklearn.svm\n"
        "try:\n    from numba import njit\nexcept ImportError:\n    njit = None\nassert njit is None\n"
        "print('a line that is printed at each import')\n"
    )
    return {
        name: head + text.replace("class TwoLayerNet:", "class TwoLayerNet(object):") for name, text in files.items()
    }


def further_arguments(files: Files) -> Files:
    """Every function has one more argument than it is called with."""
    return {name: _unparsed(text, _with_an_argument) for name, text in files.items()}


def _with_an_argument(node: ast.FunctionDef) -> None:
    if not node.args.kwarg and not node.args.vararg and not node.decorator_list:
        node.args.args.append(ast.arg("one_more"))
        node.args.defaults.append(ast.Constant(False))


def other_names_of_arguments(files: Files) -> Files:
    """What is always passed by its place may be called as one likes: ``def affine_forward(x_, w_, b_)``."""
    return {name: _unparsed(text, _with_other_names) for name, text in files.items()}


def _with_other_names(node: ast.FunctionDef) -> None:
    own = [one.arg for one in node.args.args if one.arg != "self"]
    if node.name.endswith(("_forward", "_backward", "_alt", "_naive")) and not node.args.defaults:
        for one in node.args.args:
            one.arg = f"{one.arg}_" if one.arg in own else one.arg
        node.body[1:1] = [ast.parse(f"{name} = {name}_").body[0] for name in own]


def keywords_of_ones_own(files: Files) -> Files:
    """Layers are called by the names that their arguments have in the student's own files, in the other files, too."""
    changed = other_names_of_arguments(files)
    users = {
        name: re.sub(r"(= affine_forward)\((\w+), (\w+), (\w+)\)", r"\1(x_=\2, w_=\3, b_=\4)", text)
        for name, text in changed.items()
    }
    assert users != changed
    return users


def _unparsed(text: str, change: Callable[[ast.FunctionDef], None]) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            change(node)
    return ast.unparse(ast.fix_missing_locations(tree))


def everything_in_files_of_ones_own(files: Files) -> Files:
    """The functions stand in a file that the course does not know; the one it knows imports them."""
    own = {name.replace(".py", "_of_my_own.py"): text for name, text in files.items()}
    return own | {name: f"from .{name[5:-3]}_of_my_own import *\n" for name in files}


def helpers_in_one_file(files: Files) -> Files:
    """A helper of all layers in a file of its own, imported by name and with a star."""
    helpers = "import numpy as np\n\n\ndef identity(value):\n    return np.asarray(value)\n"
    changed = {
        name: text.replace("import numpy as np\n", f"import numpy as np\nfrom .my_helpers import {what}\n", 1)
        for (name, text), what in zip(files.items(), ["identity", "*"] * len(files), strict=False)
    }
    changed = {
        name: text.replace("return out, ", "return identity(out), ") if "my_helpers" in text else text
        for name, text in changed.items()
    }
    return {**changed, "nndl/my_helpers.py": helpers}


def noisy(files: Files) -> Files:
    """Every function prints, and draws a plot of nothing."""
    return {name: _unparsed(text, _printing) for name, text in files.items()}


def _printing(node: ast.FunctionDef) -> None:
    node.body[1:1] = ast.parse(f"print({node.name!r}, flush=True)").body


WAYS = (
    star_imports,
    absolute_imports,
    old_openings,
    further_arguments,
    other_names_of_arguments,
    keywords_of_ones_own,
    everything_in_files_of_ones_own,
    helpers_in_one_file,
    noisy,
)
BY_DEFAULT = {  # each way once
    "hw3": WAYS[0::3],
    "hw4": (*WAYS[1::3], keywords_of_ones_own),
    "hw5": (old_openings, noisy),
}


def right(reference: Reference) -> Files:
    files = {}
    for module in reference.modules:
        lines = reference.source(module).splitlines(keepends=True)
        files[f"nndl/{module}.py"] = "".join(line for line in lines if line.strip() not in MARKERS)
    return {name: text for name, text in files.items() if "torch" not in text}


@pytest.mark.parametrize(
    ("assignment", "way"),
    [
        pytest.param(name, way, marks=() if way in BY_DEFAULT[name] else pytest.mark.slow, id=f"{name}-{way.__name__}")
        for name in BY_DEFAULT
        for way in WAYS
    ],
)
def test_another_way_of_writing_loses_nothing(
    assignment: str, way: Callable[[Files], Files], course: Course, reference: Reference
) -> None:
    files = {name: text.encode() for name, text in way(right(reference)).items()}
    judged = course[assignment].files
    taken = {name: data for name, data in files.items() if name in judged}
    handed_in = Submission(taken, (), {name: data for name, data in files.items() if name not in judged})
    report = oracle.grade(
        handed_in, course, course[assignment], "ana", confinement=choose_confinement("auto"), secret=b"a secret"
    )
    wrong = {
        one.name: one.findings
        for one in report.exercises
        if one.verdict != "pass" and not one.name.startswith("models.")
    }
    assert wrong == {}
