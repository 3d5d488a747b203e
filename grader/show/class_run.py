"""Grade a class and print the roster, progress, and what has changed."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from ..classrun.cluster import open_cluster
from ..classrun.collect import HandIn
from ..classrun.grading import Graded, count_selected, has_new, ready
from ..classrun.progress import Progress, log_file, opened_log
from ..classrun.selection import EVERYTHING, Selection
from ..classrun.task import Runner
from ..classrun.workers import LocalProcesses
from ..course import Assignment, Course
from ..errors import UnusableInput
from ..wording import one_line, visible
from .progress import shown
from .roster import RosterRow, legend, roster, shown_rows, with_totals

if TYPE_CHECKING:
    from ..classrun.run import ClassRun
    from ..gradebook import Gradebook
    from ..gradebook.changes import Change


def grade_class(
    course: Course,
    assignment: Assignment,
    hand_ins: Sequence[HandIn],
    gradebook: Gradebook,
    pages: Path,
    *,
    runner: Runner | None = None,
    again: bool = False,
    sandbox: str = "auto",
    selection: Selection = EVERYTHING,
    log: Path | None = None,
) -> ClassRun:
    """Grade a class, show how far that is, and print the roster and where the gradebook and the pages are.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_ins : sequence of HandIn
        The submissions of the class.
    gradebook : Gradebook
        The open gradebook that receives the scores.
    pages : Path
        The folder for the feedback pages.
    runner : Runner, optional
        Judges the submissions; a process for each processor by default.
    again : bool, default False
        Whether to grade unchanged submissions again.
    sandbox : str, default "auto"
        The confinement to use, or ``"auto"`` for the best that works here.
    selection : Selection, default everything
        The students and exercises to grade.
    log : Path, optional
        The file that a line is written to for each submission; a new one in ``build/logs`` by default.

    Raises
    ------
    typer.Exit
        With code 1, when a submission could not be graded or entered, and with code 130, when the user has stopped the
        run. The sentences have been printed then.
    """
    from ..classrun.run import run as run_class

    selection.require(assignment, [hand_in.student for hand_in in hand_ins])
    try_reference(course, assignment, sandbox)
    rows: list[RosterRow] = []
    count = len(hand_ins) if selection.is_everything else count_selected(course, assignment, hand_ins, selection)
    log = log or log_file(course.root, assignment.name)
    how: dict[str, Any] = {"runner": runner, "again": again, "sandbox": sandbox, "selection": selection}
    try:
        with opened_log(log, f"{assignment.name}, {count:,} submissions") as lines:
            progress = Progress(count, lines)
            with shown(progress, f"grading {assignment.name}") as display:

                def take(graded: Graded, trouble: str) -> None:
                    rows.append(RosterRow.of(graded))
                    display.add(graded, trouble)

                run = run_class(course, assignment, hand_ins, gradebook, pages, progress=take, **how)
            for change in run.changes:
                print(f"# changed: {change}", file=lines)
    except KeyboardInterrupt:
        _say_stopped(rows, count, log, again)
        raise typer.Exit(130) from None
    _print_run(run, rows, gradebook, log)
    if run.troubles:
        raise typer.Exit(1)
    return run


def _print_run(run: ClassRun, rows: Sequence[RosterRow], gradebook: Gradebook, log: Path) -> None:
    """Print the roster, and where everything is."""
    from ..feedback.writing import STUDENTS

    out = Console()
    if not out.is_terminal:
        out = Console(width=140)  # Rich would take 80 columns for a pipe or a file, and cut the last column short
    chosen, rest = shown_rows(rows)
    chosen = with_totals(chosen, {total.student: total for total in run.totals})
    out.print(roster(chosen), legend())
    if rest:
        out.print(rest)
    kept = sum(row.kept for row in rows)
    ways = ", ".join(Counter(row.sandbox for row in rows))
    out.print(
        f"\n{len(rows):,} submissions, {kept:,} of them unchanged since they were last graded"
        + (f"; run in: {ways}." if ways else ".")
    )
    places = [
        f"Gradebook: {gradebook.shown_url}",
        f"Class page, for you alone: {run.page}",
        f"Students' pages, to publish as they are: {run.page.parents[1] / STUDENTS}",
        f"Log: {log}",
    ]
    out.print(*places, sep="\n", soft_wrap=True, highlight=False)
    if run.not_shown:
        names = ", ".join(one_line(student, 60) for student in run.not_shown[:5])
        more = f" and {len(run.not_shown) - 5:,} more" if len(run.not_shown) > 5 else ""
        out.print(Text(f"Not on the pages, because they have not been graded yet: {names}{more}."))
    for remark in filter(None, (run.not_charged, run.several_forms)):
        out.print(Text(remark))
    if run.changes:
        out.print(Text(changed(run.changes)), soft_wrap=True)
    for problem in run.problems:
        out.print(Text(f"! {problem}", "yellow"), soft_wrap=True)
    for trouble in run.troubles:
        out.print(Text(f"! {one_line(trouble)}", "red"))


MANY = 4
"""Students who have to share a reason for it to be said once for all of them."""


def changed(changes: Sequence[Change], most: int = 30) -> str:
    """Return what has changed in the totals of a class since the last run, a line for each student.

    A reason that many of them share stands above, once.
    """
    counts = Counter(reason for change in changes for reason in change.why)
    shared = {reason: count for reason, count in counts.items() if count >= MANY and 2 * count > len(changes)}
    lines = [f"  {count:,} students: {reason}" for reason, count in shared.items()]
    for change in changes[:most]:
        own = tuple(reason for reason in change.why if reason not in shared)
        lines.append(f"  {replace(change, why=own)}")
    more = [f"  and {len(changes) - most:,} more; all are in the log."] if len(changes) > most else []
    return "\n".join(["Changed since the last run:", *lines, *more])


def _say_stopped(rows: Sequence[RosterRow], count: int, log: Path, again: bool) -> None:
    """Say how much of a run is kept that the user has stopped, and which command goes on."""
    arguments = [one_line(argument) for argument in sys.argv[1:] if argument != "--again"]
    because = " (without --again, which would begin anew)" if again else ""
    text = (
        f"Stopped. {len(rows):,} of {count:,} submissions are graded and kept, and the others are as they were. "
        f"To go on{because}: grader {shlex.join(arguments)}\nLog: {log}"
    )
    Console(stderr=True).print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def runner(
    course: Course,
    assignment: Assignment,
    hand_ins: Sequence[HandIn],
    *,
    again: bool = False,
    jobs: int | None = None,
    dask: str | None = None,
    wait: float = 60.0,
) -> Iterator[Runner]:
    """Open what judges the submissions of a class: processes on this machine, or a Dask cluster.

    Processes on this machine begin to start here if there is anything to judge, so that they are ready when they get
    their first submissions.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    hand_ins : sequence of HandIn
        The submissions of the class.
    again : bool, default False
        Whether unchanged submissions will be judged again.
    jobs : int, optional
        How many processes judge on this machine; one for each processor by default.
    dask : str, optional
        The cluster; see `grader.classrun.cluster`. By default, this machine.
    wait : float, default 60
        Seconds to wait for a cluster and its workers.
    """
    if dask is None:
        with LocalProcesses(jobs) as processes:
            if again or has_new(course, assignment, hand_ins):
                processes.start(course, assignment, len(hand_ins))
            yield processes
        return
    if jobs is not None:
        raise UnusableInput("--jobs counts processes on this machine; with --dask, each worker says how many it has.")
    with open_cluster(course, dask, wait=wait, say=lambda sentence: typer.echo(visible(sentence), err=True)) as cluster:
        yield cluster


def try_reference(course: Course, assignment: Assignment, sandbox: str) -> None:
    """Require that the reference passes in the sandbox, and show a status line while it runs."""
    with Console(stderr=True).status(f"trying the reference of {assignment.name} in the sandbox, once"):
        ready(course, assignment, sandbox)
