"""Say for ``nndl doctor`` whether the fast layers are compiled, and what it costs if they are not."""

from __future__ import annotations

import contextlib
import importlib
import io
import shutil
import sys
from collections.abc import Iterator

from .checks.course import Course
from .workspace.doctor import Finding

_COMPILERS = ("cc", "gcc", "clang", "cl")


def examine_fast_layers(course: Course) -> Iterator[Finding]:
    """Say what computes the fast layers of HW5, and whether there is a compiler."""
    with contextlib.redirect_stderr(io.StringIO()):  # what it says of a missing extension is said here
        backend = importlib.import_module("utils.fast_layers").BACKEND
    compiler = next((path for name in _COMPILERS if (path := shutil.which(name))), "")
    if backend == "cython":
        yield Finding("✓", "The fast layers are compiled.")
        return
    if not compiler:
        yield Finding("○", f"No C compiler was found. {_how_to_get_one()}")
    where = f"There is a compiler, {compiler}." if compiler else "With one,"
    build = f"{where} {'Run' if compiler else 'run'}: pip install -e .   to compile them."
    if backend == "none":
        mark = "✗" if "hw5" in {one.name for one in course.assignments_here} else "○"
        yield Finding(mark, f"The fast layers, which HW5 trains with, are not compiled and cannot be called. {build}")
    else:
        name = {"numpy": "NumPy", "torch": "PyTorch"}[backend]
        yield Finding("○", f"The fast layers are not compiled; {name} computes them, several times slower. {build}")


def _how_to_get_one() -> str:
    if sys.platform == "darwin":
        return "To get one: xcode-select --install"
    if sys.platform == "win32":
        return "To get one, install the Build Tools for Visual Studio, with C++."
    return "To get one: sudo apt install gcc (or your system's way)"
