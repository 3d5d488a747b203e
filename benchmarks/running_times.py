"""How long the cells of each section of a notebook run, for the line below its heading.

    python -m benchmarks.running_times                       every notebook, on the offline set: a quarter of an hour
    python -m benchmarks.running_times hw3/FC_nets hw5/CNN   only these

The reference stands in for the student's code. The processor time of the notebook is shared out among its sections by
the time that their cells took, so that a busy machine changes the figures little.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from rich.console import Console
from rich.progress import track

from benchmarks.notebooks import ROOT
from grader.course import Assignment, Course, Notebook, load
from grader.host.files import write_if_changed
from grader.release.execute import run_notebook
from grader.release.pace import RECORD, measured, sections


def main() -> None:
    """Measure, and keep what was measured."""
    course = load(ROOT)
    known = {f"{a.name}/{n.name}": (a, n) for a in course.assignment for n in a.notebook}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.running_times", description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", default=[], metavar="NOTEBOOK", help="as in hw3/FC_nets")
    asked = parser.parse_args().notebooks or list(known)
    for name in track(asked, "notebooks", console=Console(stderr=True)):
        record = {**measured(course), name: seconds(course, *known[name])}
        kept = json.dumps({key: record[key] for key in known if key in record}, indent=1, ensure_ascii=False)
        write_if_changed(course.secret / RECORD, f"{kept}\n".encode())


def seconds(course: Course, assignment: Assignment, notebook: Notebook) -> dict[str, float]:
    """Run a notebook, and return the processor seconds of each of its sections by its heading."""
    with tempfile.TemporaryDirectory() as folder:
        run = run_notebook(
            course, assignment, notebook, Path(folder), environment={"NNDL_DATA": "offline"}, numbers=False
        )
    elapsed = by_section(run.node.cells)
    whole = sum(elapsed.values()) or 1.0
    return {heading: round(run.processor_seconds * time / whole, 1) for heading, time in elapsed.items() if heading}


def by_section(cells: list[NotebookNode]) -> dict[str, float]:
    """Add up how long the cells of each section ran, in seconds; ``""`` stands for what comes before the first."""
    beginnings = {id(section.cell): heading for heading, section in sections(cells).items()}
    elapsed, here = {"": 0.0}, ""
    for cell in cells:
        here = beginnings.get(id(cell), here)
        times = cell.metadata.get("execution", {})
        began, ended = times.get("iopub.execute_input"), times.get("shell.execute_reply")
        passed = (_moment(ended) - _moment(began)).total_seconds() if began and ended else 0.0
        elapsed[here] = elapsed.get(here, 0.0) + passed
    return elapsed


def _moment(text: str) -> datetime:
    """Read a moment as nbclient writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


if __name__ == "__main__":
    main()
