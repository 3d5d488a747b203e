"""Write a small Python script that runs one hidden case with a student's own files, and compares what comes out."""

from __future__ import annotations

import ast
import base64
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from utils.checks.program import SEED

from ..course import Course, Exercise
from ..wording import one_line
from .failed_case import FailedCase

_WRITTEN_OUT: Final = 300  # numbers of an array; one that has more is packed
_PACKED: Final = '''

def unpacked(text, dtype, shape):
    """Return an array that is too long to write out."""
    return np.frombuffer(zlib.decompress(base64.b85decode(text)), dtype).reshape(shape).copy()

'''
_VALUE: Final = '''
def came_out(path):
    """Return an output: "grads.W1" is grads["W1"]."""
    name, *keys = path.split(".")
    value = globals()[name]
    for key in keys:
        value = value[key]
    return value

'''
_COMPARED: Final = """\
for path, right in expected.items():
    try:
        got = np.asarray(came_out(path), dtype=float)
    except (KeyError, TypeError, ValueError) as error:
        print(f"{path} cannot be compared: {error!r}")
        continue
    if got.shape != np.shape(right):
        print(f"{path} has shape {got.shape} and should have {np.shape(right)}")
    else:
        print(f"{path} differs by up to {np.max(np.abs(got - right), initial=0):.3g}")
        print("  it is     ", got.ravel()[:6])
        print("  should be ", np.ravel(right)[:6])
"""
_DRAWN: Final = """\
# What came out. It is drawn, so many answers are right; what is wrong with this one stands at the top.
for path in {}:
    print(path, "is", came_out(path), sep="\\n")
"""


def script(
    course: Course, exercise: Exercise, student: str, assignment: str, failed: FailedCase, hint: str = ""
) -> str:
    """Return the text of a script that reproduces what is wrong in a case.

    Parameters
    ----------
    course : Course
    exercise : Exercise
    student, assignment : str
        For the heading.
    failed : FailedCase
    hint : str, default ""
        What the student's page says.

    Returns
    -------
    str
        Python that needs NumPy and the student's package, and nothing of the grader. It holds the inputs of this case
        and the outputs that are wrong, and no other case.
    """
    case = failed.case
    inputs = [f"{name} = {literal(value)}" for name, value in case.inputs.items()]
    drawn = [fault.path for fault in failed.faults if case.aspects[fault.output].is_drawn(fault.expected)]
    compared = {fault.path: fault.expected for fault in failed.faults if fault.path not in drawn}
    right = [f"    {path!r}: {literal(value)}," for path, value in compared.items()]
    packed = any("unpacked(" in line for line in (*inputs, *right))
    kept = ", ".join(f"{name!r}: ({name}, copy.deepcopy({name}))" for name in case.unchanged)
    parts = [
        *_heading(course, exercise, student, assignment, failed, hint),
        "",
        *_imports(course, case.program, case.inputs, packed),
        *([_PACKED] if packed else [""]),
        "# The inputs.",
        "inf, nan = np.inf, np.nan",
        *inputs,
        *([f"given = {{{kept}}}"] if failed.changed else []),
        "",
        "# What was run. The random numbers are the same in every run.",
        f"random.seed({SEED})",
        f"np.random.seed({SEED})",
        'np.seterr(all="ignore")',
        case.program.rstrip(),
        *([_VALUE] if failed.faults else []),
        *(["# What should come out, and what does.", "expected = {", *right, "}", _COMPARED.rstrip()] if right else []),
        *([_DRAWN.format(list(dict.fromkeys(drawn))).rstrip()] if drawn else []),
        *([_IN_PLACE.rstrip()] if failed.changed else []),
    ]
    return "\n".join(parts) + "\n"


_IN_PLACE: Final = """\
for name, (value, before) in given.items():
    try:
        np.testing.assert_equal(value, before)
    except AssertionError:
        print(f"{name} was changed in place")
"""


def literal(value: Any) -> str:
    """Write a value of a case as Python, exactly: arrays with their dtype and their order in memory.

    Examples
    --------
    >>> literal({"x": np.array([[1, 2.5]], dtype="float32"), "mode": "train"})
    "{'x': np.array([[1. , 2.5]], dtype='float32'), 'mode': 'train'}"
    """
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name!r}: {literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    return repr(value)


def _array(array: np.ndarray[Any, Any]) -> str:
    axes = sorted(range(array.ndim), key=lambda axis: (-abs(array.strides[axis]), axis))
    if axes != list(range(array.ndim)) and array.size:  # its numbers lie in memory in another order than C's
        stored = np.ascontiguousarray(array.transpose(axes))
        back = tuple(int(axis) for axis in np.argsort(axes))
        return f"{_array(stored)}.transpose{back}"
    dtype = array.dtype.name
    if not array.size:
        return f"np.zeros({array.shape}, dtype={dtype!r})"
    if array.size > _WRITTEN_OUT:
        data = base64.b85encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9)).decode()
        return f"unpacked({data!r}, {dtype!r}, {array.shape})"
    text = np.array2string(array, separator=", ", floatmode="unique", threshold=array.size + 1, max_line_width=110)
    return f"np.array({text}, dtype={dtype!r})"


def _imports(course: Course, program: str, inputs: Mapping[str, object], packed: bool) -> Iterator[str]:
    """Yield the lines that import what a program refers to: files of the student's package, and of ``utils``."""
    used = {node.id for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Name)} - inputs.keys()
    yield from ["import base64"] * packed
    yield from ("import copy", "import random")
    yield from ["import zlib"] * packed
    yield from ("", "import numpy as np", "")
    for folder in (course.package, "utils"):
        modules = sorted(name for name in used if (course.root / folder / f"{name}.py").is_file())
        if modules:
            yield f"from {folder} import {', '.join(modules)}"


def _heading(
    course: Course, exercise: Exercise, student: str, assignment: str, failed: FailedCase, hint: str
) -> Iterator[str]:
    """Yield comments that say what the script is about; they may quote the submission, one line each."""
    yield f"# {exercise.name} of {assignment}, as it was graded for {one_line(student, 60)}."
    yield f'# The case "{failed.case.title}".'
    yield f"# Put this file into the folder that holds {course.package}/, and run it with python."
    yield f"# It uses all of {course.package}/; where it was graded, functions of other files were the right ones."
    yield from (f"# Seen: {one_line(sentence, 400)}" for sentence in failed.seen)
    if hint:
        yield f"# The page says: {one_line(hint, 600)}"
