"""The demo: a made-up class, graded from end to end."""

from __future__ import annotations

import inspect
import shutil
import zlib
from datetime import timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from utils import offline_images as images_module
from utils.model_files import save_model

from .. import show
from ..classrun.collect import collect
from ..course import Assignment, Course
from ..gradebook import Gradebook
from ..reference import Reference
from ..release import release
from ..sandbox import SandboxUnavailable, choose_confinement
from .roster import Kit, roster

ASSIGNMENT = "hw3"
BARE = """\
The demo goes on without one, because its class is made of the kit's own code; every report is marked.
Do not grade real submissions like this.
"""
MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")


def run(course: Course, folder: Path | None = None) -> None:
    """Release hw3, make a class, grade it, and say where to look.

    Run again, it finds that nothing has changed and grades nothing anew. Where no sandbox holds it goes on without
    one, because all code in this class is the kit's own; every report is marked.

    Parameters
    ----------
    course : Course
    folder : Path, optional
        Where submissions, gradebook and pages are written; ``demo/`` in the course folder by default.
    """
    out = Console()
    folder = folder or course.root / "demo"
    assignment = course[ASSIGNMENT]
    sandbox = "auto"
    try:
        choose_confinement(sandbox)
    except SandboxUnavailable as error:
        sandbox = "none"
        out.print(f"No sandbox: {error}", BARE, style="bold red")
    url = f"sqlite:///{folder / 'gradebook.db'}"
    folder.mkdir(parents=True, exist_ok=True)
    out.print(f"1. Releasing {ASSIGNMENT}: {show.released(release(course, [ASSIGNMENT], db=url))}")
    submitted = folder / "submitted"
    kit = make_kit(course, assignment, folder)
    make_class(kit, assignment, submitted)
    out.print(f"2. A class of {len(list(roster()))} in {submitted}")
    out.print("3. Grading")
    hand_ins = collect(submitted, assignment)
    with Gradebook(course, url, folder / "autograded") as gradebook:
        show.grade_class(course, assignment, hand_ins, gradebook, folder / "feedback", sandbox=sandbox)


def make_kit(course: Course, assignment: Assignment, folder: Path) -> Kit:
    """What the class's submissions are made of; the nets are trained once and kept in `folder`."""
    reference = Reference.of(course)
    notebooks = {
        f"{notebook.name}.ipynb": (
            course.root / "assignments" / assignment.name / f"{notebook.name}.ipynb"
        ).read_bytes()
        for notebook in assignment.notebook
    }
    solved, stubs = dict(notebooks), dict(notebooks)
    for module in reference.modules:
        lines = reference.source(module).splitlines(keepends=True)
        solved[f"nndl/{module}.py"] = "".join(line for line in lines if line.strip() not in MARKERS).encode()
        stubs[f"nndl/{module}.py"] = (course.root / "nndl" / f"{module}.py").read_bytes()
    made_of = (inspect.getsource(images_module), reference.source("neural_net"), inspect.getsource(_train))
    version = zlib.crc32("".join(made_of).encode())
    good, poor = (folder / "nets" / f"{name}-{version:08x}.npz" for name in ("good", "poor"))
    if not (good.exists() and poor.exists()):
        _train(reference, good, poor)
    return Kit(solved, stubs, good.read_bytes(), poor.read_bytes(), reference)


def make_class(kit: Kit, assignment: Assignment, submitted: Path) -> None:
    """Write every made-up student's submission, handed in an hour before it was due."""
    shutil.rmtree(submitted, ignore_errors=True)
    time = f"{assignment.due - timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC\n"
    for student in roster():
        student.hand_in(kit, submitted / student.name / assignment.name)
        (submitted / student.name / f"{assignment.name}.timestamp.txt").write_text(time)


def _train(reference: Reference, good: Path, poor: Path) -> None:
    """Two nets with the reference on the offline set: one tuned, one hardly trained; in float32, for speed."""
    pixels, y = images_module.offline_pixels(48_000)
    X = pixels.reshape(len(y), -1).astype(np.float32)
    X -= X.mean(axis=0)
    np.random.seed(0)
    for path, last_rate, steps in ((poor, 1e-3, 150), (good, 1e-4, 3000)):
        net = reference.module("neural_net").TwoLayerNet(3072, 50, 10)
        net.params = {name: value.astype(np.float32) for name, value in net.params.items()}
        rates = np.geomspace(1e-3, last_rate, 30)
        for rate in track(rates, f"training the {path.stem.split('-')[0]} net", transient=True):
            net.train(X, y, X[:100], y[:100], rate, 1.0, 0.5, steps // len(rates), 200)
        save_model(path, net.params, {"dataset": "offline"})
