"""How many submissions a minute are graded, beside stock nbgrader's execution of the same checks.

    python -m benchmarks.grading                                          hw4, a class of 60, three rounds
    python -m benchmarks.grading --submissions 6 --sample 1 --rounds 1    a quick look

The class is made up: a third are untouched stubs, a third are right, a third have one to eight known misconceptions;
no two are alike. Two contenders take turns, round by round, so that whatever else the machine is doing meets both. A
ratio is taken within a round.

*ours* is `grade_class` on the whole class, with hidden cases, hints and sandbox, and nothing from the cache. The start
of its processes counts.

*stock* is what ``nbgrader autograde`` spends its time on: nbgrader's own `Execute` runs the released notebooks in a
copy of the submission, with as many processes, each of which has a kernel. Of the cells it runs only the first one,
which imports, and those that check and are graded. It is not charged for training and plotting, for the check of a
trained net, which needs the cells in between, or for nbgrader's own reading, writing and database. Because it is slow,
it has a sample of the class, another one in each round; with a multiple of three all kinds are in it, and with a
multiple of the processes none is idle.

At the end, ours grades each kind by itself, for its processor time: of all processes that were waited for, with their
start, so a small class makes it look large.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade
from rich.console import Console
from rich.progress import Progress

from grader import course as courses
from grader.classrun.collect import HandIn, collect
from grader.classrun.grading import grade_class, ready
from grader.course import Assignment, Course
from grader.gradebook.restore import read_released
from grader.reference import Reference
from grader.release.strip import package

from .made_up_class import KINDS, made_up, write

ROOT = Path(__file__).resolve().parent.parent


def checks(course: Course, assignment: Assignment) -> list[Any]:
    """The released notebooks of an assignment, with those of their cells that import or check."""
    wanted = {exercise.grade_id for exercise in assignment.exercises if not exercise.score}
    notebooks = list(read_released(course, assignment).values())
    for notebook in notebooks:
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        graded = [cell for cell in code if is_grade(cell) and cell.metadata.nbgrader.grade_id in wanted]
        first = next(cell for cell in code if f"from {course.package}." in cell.source)  # what imports, for all
        notebook.cells = [first, *(cell for cell in graded if cell is not first)]
    return notebooks


def execute(given: Path, notebooks: Sequence[Any], hand_in: HandIn) -> tuple[str, bool]:
    """Let nbgrader execute notebooks in a copy of a submission; the student's name, and whether no cell fails."""
    clean = True
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(given, folder, symlinks=True, dirs_exist_ok=True)
        shutil.copytree(hand_in.path, folder, dirs_exist_ok=True)
        for notebook in notebooks:
            stock = Execute(extra_arguments=["--log-level=ERROR"])  # kernels would warn across the progress bar
            done, _ = stock.preprocess(deepcopy(notebook), {"metadata": {"path": folder}})
            clean &= not any(output.output_type == "error" for cell in done.cells for output in cell.outputs)
    return hand_in.student, clean


def _per_minute(results: Iterable[tuple[str, bool]], who: str, advance: Callable[[], None]) -> float:
    """Take the results, and compute the speed; end the run where a stub is found right, or a right one wrong."""
    start, count = time.perf_counter(), 0
    for count, (student, clean) in enumerate(results, 1):  # noqa: B007  # the last count is used
        kind = student.partition("-")[2]
        if kind != "wrong" and clean != (kind == "right"):
            raise SystemExit(f"benchmarks.grading: {who} got {student} wrong, so its time would mean nothing.")
        advance()
    return 60 * count / (time.perf_counter() - start)


def _processor_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(times.ru_utime + times.ru_stime for times in used)


def _spread(values: Sequence[float], digits: int) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} | {low:.{digits}f} | {high:.{digits}f}"


def main() -> None:
    """Run what the arguments ask for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", default="hw4", help="its name in course.toml (default: hw4)")
    parser.add_argument("--submissions", type=int, default=60, help="of the made-up class, at least 3 (default: 60)")
    parser.add_argument("--sample", type=int, default=6, help="for stock nbgrader, in each round (default: 6)")
    parser.add_argument("--rounds", type=int, default=3, help="how many, at least 1 (default: 3)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes of each (default: all cores)")
    asked = parser.parse_args()
    course = courses.load(ROOT)
    assignment = course[asked.assignment]
    confinement = ready(course, assignment)
    trained = {exercise.name for exercise in assignment.exercises if exercise.score}  # here, nobody has trained them
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # for kernels; our processes limit themselves
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(asked.jobs, get_context("spawn")) as pool:
        submitted, given = Path(folder, "submitted"), Path(folder, "given")
        for name, files in made_up(course, assignment, asked.submissions):
            write(submitted / name / assignment.name, files)
        # What students have besides what they hand in: right, as the reference takes its place where we grade.
        reference = Reference.of(course)
        modules = {f"{course.package}/{name}.py": reference.source(name).encode() for name in reference.modules}
        write(given, package(course) | modules)
        (given / "goldens").symlink_to(course.root / "goldens")
        hand_ins = collect(submitted, assignment)
        in_stock = partial(execute, given, checks(course, assignment))
        list(pool.map(len, [()] * asked.jobs))  # the processes start now

        def ours(part: Sequence[HandIn]) -> Iterator[tuple[str, bool]]:
            for graded in grade_class(course, assignment, part, jobs=asked.jobs, again=True):
                judged = (verdict for verdict in graded.report.exercises if verdict.name not in trained)
                yield graded.hand_in.student, all(verdict.verdict == "pass" for verdict in judged)

        def stock(turn: int) -> Iterator[tuple[str, bool]]:
            first = turn * asked.sample
            return pool.map(in_stock, [hand_ins[n % len(hand_ins)] for n in range(first, first + asked.sample)])

        speeds: dict[str, list[float]] = {"ours": [], "stock": []}
        seconds: dict[str, float] = {}
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("grading", total=asked.rounds * (len(hand_ins) + asked.sample) + len(hand_ins))
            advance = partial(bar.advance, task)
            for turn in range(asked.rounds):
                for who in sorted(speeds, reverse=turn % 2 == 1):
                    results = ours(hand_ins) if who == "ours" else stock(turn)
                    speeds[who].append(_per_minute(results, who, advance))
            for kind in KINDS:
                part = [hand_in for hand_in in hand_ins if hand_in.student.endswith(kind)]
                before = _processor_seconds()
                _per_minute(ours(part), "ours", advance)
                seconds[kind] = (_processor_seconds() - before) / len(part)

    print(f"{assignment.name}, {len(hand_ins)} submissions, {asked.jobs} processes, {asked.rounds} rounds.\n")
    print("| submissions a minute | median | least | most |\n|---|---:|---:|---:|")
    print(f"| ours, in {confinement.name} | {_spread(speeds['ours'], 0)} |")
    print(f"| stock nbgrader, {asked.sample} a round | {_spread(speeds['stock'], 1)} |")
    ratios = [own / other for own, other in zip(speeds["ours"], speeds["stock"], strict=True)]
    print(f"| ours ÷ stock | {_spread(ratios, 1)} |")
    cells = ", ".join(f"{kind} {used:.2f}" for kind, used in seconds.items())
    print(f"\nProcessor seconds a submission of ours, with the start of processes: {cells}.")


if __name__ == "__main__":
    main()
