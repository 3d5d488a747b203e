"""Class runs as an instructor starts them, and what one leaves: in the gradebook, on disk, among the processes."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from as_ordinary_user import ordinary
from nbgrader import api

from grader.course import Course

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
MADE = ("autograded", "build", "feedback")


class Place:
    """A course, and a temporary folder that is its runs' alone: whatever lies in it afterwards is theirs."""

    def __init__(self, course: Course, temporary: Path) -> None:
        self.course, self.root, self.temporary = course, course.root, temporary

    def start(
        self, *options: str, before: str = "", ordinarily: bool = False, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start ``grader grade``, with Python statements `before` it, as this or as an ordinary user."""
        code = f"{before}\nfrom grader.cli import main\nmain()\n"
        command = [sys.executable, "-c", code, "grade", "a1", "--course", str(self.root), *options]
        return subprocess.Popen(
            ordinary(*command) if ordinarily else command,
            env={**os.environ, **ONE_THREAD, "TMPDIR": str(self.temporary), **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )

    def run(
        self, *options: str, before: str = "", ordinarily: bool = False, seconds: float = 250, **environment: str
    ) -> tuple[int, str]:
        """Run to the end; exit code and what was said on stderr."""
        process = self.start(*options, before=before, ordinarily=ordinarily, **environment)
        _, said = process.communicate(timeout=seconds)
        return process.returncode, " ".join(said.decode().split())

    def kill(self, process: subprocess.Popen[bytes]) -> bool:
        """Kill a run, that process alone; whether it was still at it."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert process.stderr
        process.stderr.close()  # not read to its end: a stray process would hold it open
        return process.returncode == -signal.SIGKILL

    def processes(self) -> list[str]:
        """The processes of a run that are there now, zombies aside."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                mine = str(self.temporary).encode() in (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if mine and command:
                found.append(f"{folder.name}: {command.decode(errors='replace')[:400]}")
        return found

    def strays(self, seconds: float = 15.0) -> list[str]:
        """The processes that are still there after a moment."""
        end = time.monotonic() + seconds
        while (found := self.processes()) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def leftovers(self) -> list[str]:
        """Temporary folders and half-written files."""
        halves = [path for pattern in ("**/.*.part*", "**/*-journal") for path in self.root.glob(pattern)]
        return sorted(str(path) for path in [*halves, *self.temporary.iterdir()])

    def mounts(self) -> list[str]:
        """Mounts of runs on this machine."""
        return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(self.temporary) in line]

    def integrity(self) -> str:
        """SQLite's own opinion of the gradebook: ``"ok"``."""
        if not (self.root / "gradebook.db").exists():
            return "ok"
        with sqlite3.connect(self.root / "gradebook.db") as database:
            return str(database.execute("PRAGMA integrity_check").fetchone()[0])

    def results(self) -> dict[str, object]:
        """All that the gradebook and the folder ``autograded`` hold, by student."""
        found: dict[str, object] = {}
        with api.Gradebook(f"sqlite:///{self.root / 'gradebook.db'}", "nndl") as book:
            for submission in book.assignment_submissions("a1"):
                student = submission.student.id
                assert student not in found, "two submissions of one student"
                grades = sorted(
                    (grade.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                    for notebook in submission.notebooks
                    for grade in notebook.grades
                )
                found[student] = (grades, self._notebooks(student))
        return found

    def _notebooks(self, student: str) -> dict[str, str]:
        folder = self.root / "autograded" / student / "a1"
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}

    def undisturbed(self) -> tuple[float, dict[str, object]]:
        """How many seconds a run takes, and what it comes to."""
        begun = time.monotonic()
        code, said = self.run()
        assert code == 0, said
        seconds, results = time.monotonic() - begun, self.results()
        assert self.leftovers() == []
        self.reset()
        return seconds, results

    def reset(self) -> None:
        """As before the first run."""
        for name in MADE:
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / "gradebook.db").unlink(missing_ok=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that a worker under another user can pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="nndl-runs-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
