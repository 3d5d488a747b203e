"""Grade a large class from end to end, kill it at half, go on, and print time, memory and sizes.

    python -m benchmarks.scale --submissions 60                      a quick look
    python -m benchmarks.scale --submissions 10000 --write           also put that and a plot into docs/scale.md

The class is `benchmarks.made_up_class.every_kind`: right in many styles, each known misconception, pairs of them,
crashes, endless loops, stubs, empty folders, broken archives. It is graded by ``grader grade`` in a copy of the course,
as an instructor does it. When half is in the gradebook, the run is ended with SIGKILL and the same command is started
again; at the end it is started twice more, and the first time it judges once more what ran out of time. Time and the
peak memory of the parent process (VmHWM) are noted on the way, each time that another tenth is entered, and at 100,
1,000, 10,000 and so on.

Afterwards every submission must have exactly one row in the gradebook. Right ones must have all points, and those that
have no answer none; otherwise the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import track

from grader import course as courses
from grader.course import Assignment, Course
from grader.gradebook import Gradebook

from .made_up_class import every_kind
from .sections import put

ROOT = Path(__file__).resolve().parent.parent
COURSE = ("course.toml", "nbgrader_config.py", "solutions", "assignments", "nndl", "goldens")
EVERY = 0.25  # seconds between two looks at the run


@dataclass
class Look:
    """What was seen of a run at one time: submissions entered, seconds since the start, the parent's peak in MiB."""

    entered: int
    seconds: float
    peak: float


@dataclass
class Run:
    """One run of ``grader grade``: what was seen of it, its exit code, seconds, and the parent's peak memory in MiB."""

    looks: list[Look] = field(default_factory=list)
    code: int = 0
    seconds: float = 0.0
    peak: float = 0.0


def make(folder: Path, assignment: str, count: int) -> tuple[Course, Assignment]:
    """Copy the course into a folder, and write the submissions."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COURSE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    course = courses.load(folder)
    task = course[assignment]
    for one in track(every_kind(course, task, count), "making the class", total=count, console=Console(stderr=True)):
        one.hand_in(folder / "submitted", assignment)
    return course, task


def grade(course: Course, assignment: Assignment, jobs: int, marks: Sequence[int], kill_at: int | None = None) -> Run:
    """Run ``grader grade``, note what it has done at each of the marks, and kill it when so many are entered."""
    command = (sys.executable, "-m", "grader.cli", "grade", assignment.name, "--course", course.root, "--jobs", jobs)
    run, left = Run(), sorted(marks)
    start = time.perf_counter()
    with (course.root / "run.log").open("ab") as log:
        process = subprocess.Popen([*map(str, command)], cwd=ROOT, stdout=log, stderr=log)
        while process.poll() is None:
            time.sleep(EVERY)
            entered, run.peak = _entered(course, assignment), peak(process.pid) or run.peak
            while left and entered >= left[0]:
                run.looks.append(Look(left.pop(0), round(time.perf_counter() - start, 1), run.peak))
            if kill_at is not None and entered >= kill_at:
                process.send_signal(signal.SIGKILL)  # the parent alone, as the machine would do it
                process.wait()
    run.code, run.seconds = process.returncode, round(time.perf_counter() - start, 1)
    return run


def _entered(course: Course, assignment: Assignment) -> int:
    """Count the submissions that are in the gradebook, by the folders that are written with each."""
    with suppress(FileNotFoundError):
        return sum(entry.is_dir() for entry in os.scandir(course.root / "autograded"))
    return 0


def peak(process: int | str = "self") -> float:
    """Return the peak memory of a process, by default of this one, in MiB; 0 if it has ended."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        return round(int(found[1]) / 1024, 1) if found else 0.0
    return 0.0


def size(*paths: Path) -> float:
    """Return how much files, or folders with all that lies in them, take on the disk, in MiB."""
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
    return round(sum(file.stat().st_size for file in files) / 2**20, 1)


def mistakes(course: Course, assignment: Assignment, scores: dict[str, list[float]]) -> Iterator[str]:
    """Say what is wrong with the results; nothing where all is well.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    scores : dict of str to list of float
        Kind of submission → points of all of that kind.
    """
    handed_in = defaultdict(int)
    for folder in (course.root / "submitted").iterdir():
        handed_in[folder.name.partition("-")[2]] += 1
    for kind in handed_in.keys() | scores.keys():
        if handed_in[kind] != len(scores.get(kind, ())):
            yield f"{handed_in[kind]} {kind} submissions, {len(scores.get(kind, ()))} of them in the gradebook"
    full = sum(exercise.points for exercise in assignment.exercises)
    if any(abs(score - full) > 0.01 for score in scores.get("right", ())):
        yield f"a right submission has not all of the {full:g} points"
    for kind in ("stub", "empty", "broken"):
        if any(scores.get(kind, ())):
            yield f"a submission of the kind {kind} has points"


def results(course: Course, assignment: Assignment) -> dict[str, list[float]]:
    """Read the points from the gradebook: kind of submission → points of all of that kind."""
    scores: dict[str, list[float]] = defaultdict(list)
    with Gradebook(course) as book:
        for row in book.scores(assignment.name):
            scores[row.student.partition("-")[2]].append(row.score)
    return dict(scores)


def table(found: dict[str, Any]) -> str:
    """Write what was found as Markdown."""
    count = found["submissions"]
    lines = [
        f"{found['assignment']}, {count:,} submissions, {found['jobs']} processes.",
        "",
        "| run | minutes | submissions a minute | parent's peak memory, MiB |",
        "|---|---:|---:|---:|",
    ]
    half = found["kill at"]
    done = {
        "until it was killed": half,
        "started again, to the end": count - half,
        "once more": count,
        "and once more": count,
    }
    for (name, number), run in zip(done.items(), found["runs"], strict=True):
        rate = 60 * number / run["seconds"]
        lines.append(f"| {name} | {run['seconds'] / 60:.1f} | {rate:,.0f} | {run['peak']:.0f} |")
    lines += ["", "| entered | minutes since the first start | parent's peak memory, MiB |", "|---:|---:|---:|"]
    for number, (run, before) in enumerate(zip(found["runs"][:2], (0.0, found["runs"][0]["seconds"]), strict=True)):
        for look in run["looks"]:
            if number == 0 or look["entered"] > half:
                lines.append(f"| {look['entered']:,} | {(before + look['seconds']) / 60:.1f} | {look['peak']:.0f} |")
    lines += ["", "| on disk | MiB | KiB a submission |", "|---|---:|---:|"]
    lines += [f"| {what} | {used:,.1f} | {1024 * used / count:.1f} |" for what, used in found["sizes"].items()]
    lines += ["", "| kind | how many | least | median | most |", "|---|---:|---:|---:|---:|"]
    for kind, values in sorted(found["scores"].items()):
        numbers = " | ".join(f"{value:g}" for value in (min(values), median(values), max(values)))
        lines.append(f"| {kind} | {len(values)} | {numbers} |")
    return "\n".join(lines)


def measure(folder: Path, assignment: str, count: int, jobs: int) -> tuple[dict[str, Any], list[str]]:
    """Make the class in a folder, grade it with a kill at half, and return what was found and what is wrong with it."""
    course, task = make(folder, assignment, count)
    marks = sorted({count * tenth // 10 for tenth in range(1, 11)} | {10**n for n in range(2, len(str(count)))})
    half = count // 2
    runs = [grade(course, task, jobs, marks, half), *(grade(course, task, jobs, marks) for _ in range(3))]
    scores = results(course, task)
    pages = folder / "build" / "feedback" / assignment
    found = {
        "assignment": assignment,
        "submissions": count,
        "jobs": jobs,
        "kill at": half,
        "runs": [asdict(run) for run in runs],
        "sizes": {
            "gradebook": size(*folder.glob("gradebook.db*")),
            "annotated notebooks": size(folder / "autograded"),
            "kept verdicts": size(folder / "build" / "verdicts"),
            "students' pages": size(pages / "students"),
            "class page": size(pages / "class" / "index.html"),
        },
        "scores": scores,
    }
    wrong = [f"run {k} ended with exit code {run.code}" for k, run in enumerate(runs[1:], 2) if run.code]
    if runs[0].code != -signal.SIGKILL:
        wrong.append("the first run ended before it could be killed; take more submissions")
    return found, [*wrong, *mistakes(course, task, scores)]


def main() -> None:
    """Run what the arguments ask for, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default="hw4", help="its name in course.toml (default: hw4)")
    parser.add_argument("--submissions", type=int, default=60, help="how many (default: 60)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: all cores)")
    parser.add_argument(
        "--folder", type=Path, help="an empty folder to work in, which stays; otherwise a temporary one"
    )
    parser.add_argument("--save", type=Path, help="where to write what was found, as JSON")
    parser.add_argument("--write", action="store_true", help="put the tables and a plot into docs/scale.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-") as temporary:
        # Submissions run as another user, who has to be able to pass through.
        Path(temporary).chmod(0o755)
        folder = asked.folder or Path(temporary, "course")
        found, wrong = measure(folder, asked.assignment, asked.submissions, asked.jobs)
        if wrong:
            print((folder / "run.log").read_text("utf-8", "replace")[-3000:], file=sys.stderr)
    print(table(found))
    if asked.save:
        asked.save.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if asked.write:
        from .scale_plots import growth

        growth(found, ROOT / "docs" / "images" / "scale-growth.svg")
        put(ROOT / "docs" / "scale.md", "class", table(found))
    for sentence in wrong:
        print(f"benchmarks.scale: {sentence}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
