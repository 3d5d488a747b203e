"""The command ``lab``: JupyterLab, with the notebook that is next."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..checks.course import Course
from ..workspace.progress import progress
from .here import this_course
from .names import assignment_named
from .status import first_step


def lab(
    assignment: Annotated[str | None, typer.Argument(help="One assignment; the one that is next by default.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free port.")] = 8888,
) -> None:
    """Open JupyterLab with the notebook that is next. Ctrl-C ends it; save your notebooks first."""
    course = this_course()
    if importlib.util.find_spec("jupyterlab") is None:
        typer.echo(f"JupyterLab is not installed. In {course.root}, run: pip install -e .", err=True)
        raise typer.Exit(2)
    notebook = notebook_to_open(course, assignment)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={course.root}", f"--port={port}"]
    command += [] if browser else ["--no-browser"]
    raise typer.Exit(_run([*command, *notebook], course.root))


def _run(command: list[str], folder: Path) -> int:
    """Run a command until it ends; Ctrl-C reaches it too, and it ends by itself, after a question."""
    with subprocess.Popen(command, cwd=folder) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def notebook_to_open(course: Course, assignment: str | None = None) -> list[str]:
    """The notebook with the next exercise, relative to the course folder; none where all is done."""
    here = [assignment_named(assignment, course)] if assignment else list(course.assignments_here)
    found = [progress(course, one) for one in here]
    step = first_step(found, course)
    for one in found:
        if step in one.exercises:
            return [f"assignments/{one.assignment.name}/{step.notebook}.ipynb"] if step else []
    return [f"assignments/{one.name}/{one.notebooks[0].file}" for one in here[:1] if one.notebooks]
