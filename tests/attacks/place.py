"""A class of attackers and two honest students, graded by ours, both ways."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from crash.runs import ONE_THREAD, Place
from gradebook.small_course import cell

from grader import course as courses
from grader.demo import MARKERS

from .bank import WRONG, Attack, put

HERE = Path(__file__).parents[2]
TOML = """
[course]
title = "A course under attack"

[limits]
seconds = 3
exercise_seconds = 5
submission_seconds = 10

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
    right = {}
    for name in ("layers", "conv_layers", "layer_utils"):
        lines = (root / "solutions" / "nndl" / f"{name}.py").read_text().splitlines(keepends=True)
        right[f"nndl/{name}.py"] = "".join(line for line in lines if line.strip() not in MARKERS)
    for student, files in (("alice", right), ("bob", WRONG)):
        put(root / "submitted" / student / "a1", {**files, "layers.ipynb": released.read_bytes()})
    for attack in attacks:
        attack.write(root / "submitted" / attack.student)


class Attacked(Place):
    """A class of attackers, and a temporary folder that its runs have to themselves."""

    def __init__(self, root: Path, temporary: Path, attacks: list[Attack]) -> None:
        make(root, attacks)
        super().__init__(courses.load(root), temporary)

    def hand_over(self, user: int) -> None:
        """Make everything another user's."""
        for path in (self.root.parent, self.root, self.temporary, *self.root.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)

    def stock(self, *command: str) -> str:
        """Run one of nbgrader's own commands; what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=self.root,
            env={
                **os.environ,
                **ONE_THREAD,
                "PYTHONPATH": str(HERE),
                "HOME": str(self.root),
                "PYTHONWARNINGS": "",
                "TMPDIR": str(self.temporary),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    def scores(self) -> dict[str, dict[str, float]]:
        """The points of each student, by exercise."""
        return {
            student: {name: automatic for name, automatic, *_ in grades if name != "why"}
            for student, (grades, _) in self.results().items()  # type: ignore[misc]
        }

    def pages(self, student: str) -> dict[str, str]:
        """The pages of a student, and of the class, by name."""
        folder = self.root / "feedback" / "a1"
        return {name: (folder / name).read_text() for name in (f"{student}.html", "index.html")}

    def others(self) -> dict[str, bytes]:
        """What no submission may change: the honest students', the reference, the released notebook."""
        folders = [self.root / "submitted" / student for student in ("alice", "bob")]
        folders += [self.root / "solutions", self.root / "assignments"]
        return {
            str(path): path.read_bytes()
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in str(path)
        }
