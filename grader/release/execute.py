"""Run a notebook from top to bottom as a student would, with the reference in place of the student's files."""

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
    """The result of running a notebook.

    Attributes
    ----------
    node : NotebookNode
        The notebook with its outputs.
    seconds, processor_seconds : float
        The elapsed time, and the processor time of the kernel and its child processes, both in seconds.
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
    """Run a notebook in a folder that is laid out like a student's.

    Parameters
    ----------
    course, assignment, notebook : Course, Assignment, Notebook
        The notebook, its assignment and its course.
    folder : Path
        An empty folder; models and pictures that the notebook writes stay there.
    environment : mapping of str to str, optional
        Environment variables for the kernel, in addition to those of this process.
    threads : int, default 1
        How many threads matrix products and PyTorch may use.
    numbers : bool, default True
        Whether to compare the numbers that the text states with those that the code gives.
    afterwards : str, optional
        Code to run in the notebook's namespace after its last cell; none by default.
    values : dict of str to str, optional
        Expressions to evaluate after `afterwards`, by a name for each; none by default.
    on_cell : callable, optional
        Called after each cell with the number of cells that have run and the number of all cells.

    Returns
    -------
    Run
        The notebook with its outputs, the times, and the values.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails, or a number in the text is wrong.
    nbclient.exceptions.CellTimeoutError
        When a cell takes longer than an hour.
    UnusableCourseFiles
        When the notebook's source is damaged.
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
        places["benchmarks"] = course.root / "benchmarks"  # a text may state numbers that a benchmark measured
    for name, target in places.items():
        (folder / name).symlink_to(target.resolve())
    client = NotebookClient(
        node,
        timeout=3600,  # seconds for one cell; training a net on CIFAR-10 takes minutes
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
