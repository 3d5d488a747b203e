"""A notebook run from top to bottom as a student runs it, with the reference in the place of the student's files."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from nbclient import NotebookClient
from nbformat import NotebookNode, v4

from ..course import Assignment, Course, Notebook
from ..reference import Reference
from .edition import utils_folder
from .numbers import checked
from .percent_scripts import source_notebook

_TIMES = """
import json, resource
used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps(sum(times.ru_utime + times.ru_stime for times in used)))
"""


@dataclass(frozen=True)
class Run:
    """A notebook that has run.

    Attributes
    ----------
    node : NotebookNode
        The notebook with its outputs.
    seconds, processor_seconds : float
        How long it took on the clock, and how much processor time the kernel and its children used.
    values : dict of str to float
        The value of each expression that was asked for.
    """

    node: NotebookNode
    seconds: float
    processor_seconds: float
    values: dict[str, float]


def run_notebook(
    course: Course,
    assignment: Assignment,
    notebook: Notebook,
    folder: Path,
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
    threads: int = 1,
    numbers: bool = True,
    afterwards: str = "",
    values: dict[str, str] | None = None,
    on_cell: Callable[[int, int], None] = lambda done, cells: None,
) -> Run:
    """Run a notebook in a folder that looks like a student's.

    Parameters
    ----------
    course, assignment, notebook : Course, Assignment, Notebook
        What to run.
    folder : Path
        An empty folder; models and pictures that the notebook writes stay there.
    environment : mapping of str to str, optional
        Variables for the kernel, besides those of this process.
    threads : int, default 1
        How many threads matrix products and PyTorch may use.
    numbers : bool, default True
        Whether to compare the numbers that the text states.
    afterwards : str
        Code to run at the end, in the notebook's names.
    values : dict of str to str, optional
        Expressions to evaluate at the end, by a name for each.
    on_cell : callable, optional
        Called with the number of cells that have run and of all cells.

    Returns
    -------
    Run
        The notebook with its outputs, and what was measured.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        Where a cell fails, or a number in the text is not true.
    """
    path = course.script(assignment, notebook)
    node = source_notebook(path, assignment, notebook, with_numbers=numbers)
    for cell in node.cells:
        if "numbers" in cell.metadata.get("tags", ()):
            cell.source = f"from grader.release.numbers import compare\n{checked(cell.source)}"
    own = len(node.cells)
    wanted = ", ".join(f"{name!r}: float({expression})" for name, expression in (values or {}).items())
    for source in (_TIMES, afterwards, f"print(json.dumps({{{wanted}}}))"):
        node.cells.append(v4.new_code_cell(source))

    places = {
        course.package: Reference.of(course).folder,
        "utils": utils_folder(course),
        "goldens": course.root / "goldens",
    }
    if numbers and (course.root / "benchmarks").is_dir():
        places["benchmarks"] = course.root / "benchmarks"  # numbers may come from what was measured
    for name, target in places.items():
        (folder / name).symlink_to(target.resolve())
    client = NotebookClient(
        node,
        timeout=3600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda cell, cell_index, execute_reply: on_cell(min(cell_index + 1, own), own),
    )
    variables = {
        **os.environ,
        "PYTHONPATH": str(folder),
        **environment,
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
    }
    start = time.monotonic()
    client.execute(env=variables)
    seconds = time.monotonic() - start
    timed, _, asked = node.cells[own:]
    del node.cells[own:]
    return Run(node, seconds, json.loads(timed.outputs[0].text), json.loads(asked.outputs[0].text))
