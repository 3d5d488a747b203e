"""A class of attackers and two honest students, graded by ours, both ways."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
from as_ordinary_user import ordinary
from crash.runs import ONE_THREAD, Place
from gradebook.small_course import cell

from grader import course as courses
from grader.demo import MARKERS
from grader.feedback import page_name
from grader.judging.secret import course_secret

from .bank import WRONG, Attack, put
from .naive import metadata

HERE = Path(__file__).parents[2]
NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
TOML = """
[course]
title = "A course under attack"
package = "nndl"

[limits]
seconds = 1
exercise_seconds = 2
submission_seconds = 4

[[assignment]]
name = "a1"
title = "Layers"
due = 2027-02-05T12:00:00Z

[[assignment.notebook]]
name = "layers"
exercises = [
    { name = "layers.relu_forward", points = 2 },
    { name = "conv_layers.max_pool_forward_naive", points = 3 },
    { name = "layer_utils.affine_batchnorm_relu_forward", points = 1 },
]
written = [{ name = "why", points = 4 }]
"""
FULL = {
    "layers-relu_forward": 2.0,
    "conv_layers-max_pool_forward_naive": 3.0,
    "layer_utils-affine_batchnorm_relu_forward": 1.0,
}
NOTHING = dict.fromkeys(FULL, 0.0)


def make(root: Path, attacks: list[Attack]) -> None:
    """A course folder with a submission of each attack, and of alice (all right) and bob (all wrong)."""
    shutil.copytree(HERE / "solutions", root / "solutions", ignore=shutil.ignore_patterns("hw*", "__pycache__"))
    shutil.copy(HERE / "nbgrader_config.py", root)
    (root / "course.toml").write_text(TOML)
    (root / ".course-secret").write_text("a secret for the tests, always the same")
    cells = [
        cell("check(relu_forward)", "layers-relu_forward", 2),
        cell("check(max_pool_forward_naive)", "conv_layers-max_pool_forward_naive", 3),
        cell("check(affine_batchnorm_relu_forward)", "layer_utils-affine_batchnorm_relu_forward", 1),
        cell("YOUR ANSWER HERE", "why", 4, written=True),
    ]
    released = root / "assignments" / "a1" / "layers.ipynb"
    released.parent.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), released)
    for student, files in (("alice", right(root)), ("bob", WRONG)):
        put(root / "submitted" / student / "a1", {**files, "layers.ipynb": released.read_bytes()})
    for attack in attacks:
        attack.write(root / "submitted" / attack.student)


def right(root: Path) -> dict[str, str]:
    """The reference as a submission."""
    files = {}
    for name in ("layers", "conv_layers", "layer_utils"):
        lines = (root / "solutions" / "nndl" / f"{name}.py").read_text().splitlines(keepends=True)
        files[f"nndl/{name}.py"] = "".join(line for line in lines if line.strip() not in MARKERS)
    return files


class Attacked(Place):
    """A class of attackers, and a temporary folder that its runs have to themselves."""

    def __init__(self, root: Path, temporary: Path, attacks: list[Attack]) -> None:
        make(root, attacks)
        super().__init__(courses.load(root), temporary)

    def stock(self, *command: str, seconds: float = 800) -> str:
        """Run one of nbgrader's own commands as an ordinary user; what it said."""
        done = subprocess.run(
            ordinary(sys.executable, "-m", "nbgrader", *command),
            cwd=self.root,
            env={
                **os.environ,
                **ONE_THREAD,
                **NO_BYTECODE,
                "PYTHONPATH": str(HERE),
                "HOME": str(self.temporary),
                "PYTHONWARNINGS": "",
                "TMPDIR": str(self.temporary),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    def scores(self) -> dict[str, dict[str, float]]:
        """The points of each student, by exercise."""
        return {
            student: {name: automatic for name, automatic, *_ in grades if name != "why"}
            for student, (grades, _) in self.results().items()
        }

    def pages(self, student: str) -> dict[str, str]:
        """The pages of a student, and of the class, by name."""
        folder = self.root / "build" / "feedback" / "a1"
        own = folder / "students" / page_name(student, "a1", course_secret(self.root))
        return {"own": own.read_text(), "class": (folder / "class" / "index.html").read_text()}

    def others(self) -> dict[str, object]:
        """What no submission may change: all that lies in the course before a run, to the time of its last change."""
        found: dict[str, object] = {}
        for name in ("submitted", "solutions", "assignments", "course.toml", ".course-secret"):
            place = self.root / name
            for path in (place, *place.rglob("*")):
                status = path.lstat()
                content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
                # The time of a change of the inode shows a mode that was changed and changed back.
                found[str(path)] = content, metadata(path), status.st_mtime_ns, status.st_ctime_ns
        return found
