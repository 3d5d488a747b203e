"""Print what the commands show, tables and progress, with Rich.

Names and messages from submissions are printed as `Text`, because Rich would read markup in a plain string.
"""

from __future__ import annotations

import getpass
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from .classrun import self_test
from .classrun.cluster import open_cluster
from .classrun.collect import HandIn
from .classrun.grading import Graded, count_selected, ready
from .classrun.progress import Progress, log_file, opened_log
from .classrun.selection import EVERYTHING, Selection
from .classrun.task import Runner
from .classrun.workers import local_runner
from .course import Assignment, Course
from .errors import GraderError, Problem, UnusableInput
from .host.files import content, write_if_changed
from .judging import oracle
from .reference import Reference
from .report import Report
from .show_progress import shown
from .show_roster import STYLES, RosterRow, legend, roster, shown_rows, with_totals
from .wording import WORDING, one_line, points, visible

if TYPE_CHECKING:
    from .authoring import NewExercise
    from .classrun.run import ClassRun
    from .gradebook import Gradebook
    from .gradebook.changes import Change
    from .release import Release
    from .release.consistency import Findings
    from .sandbox import Confinement
    from .sandbox.doctor import Probe


def report(graded: Report) -> Group:
    """Show the report of one submission: a row for each exercise, the remarks, and the total."""
    table = Table(box=None, pad_edge=False)
    table.add_column()
    table.add_column("exercise", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what was found")
    for verdict in graded.exercises:
        style = STYLES.get(verdict.verdict, "red")
        earned = f"{points(verdict.score)} / {points(verdict.max_score)}"
        hints = [
            f"{finding.aspect}: {finding.hint}" if finding.aspect else finding.hint
            for finding in verdict.findings
            if finding.hint
        ]
        hints += [verdict.loss_in_words] if verdict.lost else []
        table.add_row(Text(WORDING[verdict.verdict].symbol, style), verdict.name, earned, _listed(hints))
    total = Text(f"\n{points(graded.score)} of {points(graded.max_score)} points, run in: {graded.sandbox}", "bold")
    return Group(table, _listed(graded.remarks), total)


def _listed(sentences: Sequence[str]) -> Table:
    """List sentences that may quote a submission. They are indented, so that none can imitate a line of the grader."""
    table = Table.grid(padding=(0, 1))
    for sentence in sentences:
        table.add_row("·", Text(one_line(sentence)))
    return table


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
    from .classrun.run import run as run_class

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
    from .feedback.writing import STUDENTS

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
def runner(course: Course, jobs: int | None, dask: str | None, wait: float) -> Iterator[Runner]:
    """Open what judges the submissions of a class: processes on this machine, or a Dask cluster.

    Parameters
    ----------
    course : Course
    jobs : int, optional
        How many processes judge on this machine; one for each processor by default.
    dask : str, optional
        The cluster; see `grader.classrun.cluster`. By default, this machine.
    wait : float
        Seconds to wait for a cluster and its workers.
    """
    if dask is None:
        yield local_runner(jobs)
        return
    if jobs is not None:
        raise UnusableInput("--jobs counts processes on this machine; with --dask, each worker says how many it has.")
    with open_cluster(course, dask, wait=wait, say=lambda sentence: typer.echo(visible(sentence), err=True)) as cluster:
        yield cluster


def explanation(script: str, out: Path | None) -> None:
    """Print a script, or write it to a file and say so.

    Raises
    ------
    UnusableInput
        When the file cannot be written.
    """
    if out is None:
        sys.stdout.write(script)
        return
    try:
        out.write_text(script, "utf-8")
    except OSError as error:
        raise UnusableInput(f"{out} cannot be written ({error.strerror}); choose another file.") from None
    Console().print(f"Written: {out}. It is for this student; it shows one hidden case.", markup=False, soft_wrap=True)


def try_reference(course: Course, assignment: Assignment, sandbox: str) -> None:
    """Require that the reference passes in the sandbox, and show a status line while it runs."""
    with Console(stderr=True).status(f"trying the reference of {assignment.name} in the sandbox, once"):
        ready(course, assignment, sandbox)


def prove(course: Course, exercises: Sequence[str], *, check: bool = False, jobs: int | None = None) -> None:
    """Run mutants with a progress bar, print those that the checks accept, and write ``docs/mutation.md``.

    Parameters
    ----------
    course : Course
    exercises : sequence of str
        The exercises whose answers are changed; if empty, all of them. Only then is the page written.
    check : bool, default False
        Whether to compare the page with the result instead of writing it.
    jobs : int, optional
        How many processes run mutants; one for each processor by default.

    Raises
    ------
    UnusableInput
        When there is no exercise of one of these names.
    UnusableCourseFiles
        When the course's files have errors.
    typer.Exit
        With code 1, when a mutant is accepted without being listed as equivalent, a listed one is not accepted any
        more, a realistic wrong answer earns all points, or a page is stale.
    """
    from . import mutation, show_hints
    from .release import consistency  # imports nbgrader

    reference = Reference.of(course)
    known, everything = mutation.solved(course), not exercises
    wanted = known if everything else list(exercises)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UnusableInput(f'There is no exercise "{unknown[0]}" to spoil; there are {", ".join(known)}.')
    consistency.require(course, None if everything else wanted)
    outcomes = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("mutants", total=None)
        for total, outcome in mutation.prove(course, wanted, jobs=jobs):
            outcomes.append(outcome)
            bar.update(task, total=total, advance=1)
    out = Console()
    survivors = [outcome for outcome in outcomes if not outcome.rejected]
    equivalents = mutation.Equivalents.read(reference)
    missed, stale = equivalents.unexplained(survivors), equivalents.stale(survivors, wanted)
    for outcome in missed:
        mutant = outcome.mutant
        blind = " and ".join(kind for kind in ("hidden", "visible") if not getattr(outcome, kind))
        out.print(Text(f"✗ {mutant.exercise} [{mutant.kind}]: the {blind} cases accept", "red"))
        out.print(Text(f"    - {mutant.old}\n    + {mutant.new}"))
    for exercise, old, new in stale:
        out.print(Text(f"✗ {exercise}: listed as equivalent, but nothing survives under it: {old!r} -> {new!r}", "red"))
    out.print(
        f"{len(outcomes)} mutants: {len(outcomes) - len(survivors)} rejected, "
        f"{len(survivors) - len(missed)} equivalent, {len(missed)} missed."
    )
    if everything:
        page, text = course.root / mutation.PAGE, mutation.report(outcomes, equivalents, known)
        if not check:
            write_if_changed(page, text.encode())
        elif content(page) != text.encode():
            out.print(Text(f"✗ {mutation.PAGE} is stale; run grader prove.", "red"))
            raise typer.Exit(1)
        show_hints.shares(course, check=check, jobs=jobs)
    if missed or stale:
        raise typer.Exit(1)


def examined(confinement: Confinement, probes: Sequence[Probe]) -> list[Table | str]:
    """Show a confinement: a table of its promises and whether they were kept, and the reasons for those it lacks."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "promise", "what was seen"):
        table.add_column(column)
    for probe in probes:
        if probe.kept:
            mark = Text("✓", "green")
        else:
            mark = Text("✗ BROKEN", "red") if probe.promised else Text("○ not promised", "yellow")
        table.add_row(mark, probe.promise, Text(visible(probe.detail)))
    reasons = [f"Not promised: {promise}. {why}" for promise, why in confinement.not_promised.items()]
    return [f"Sandbox: {confinement.name}", table, *reasons]


def self_tests(course: Course, confinement: Confinement) -> bool:
    """Try the reference of each assignment in the sandbox and print a line for each; return whether none failed."""
    out, passed = Console(), True
    for assignment in course.assignment:
        mark, result = Text("✓ ", "green"), "the reference passes in the sandbox"
        if lacking := oracle.missing_packages(course, assignment):
            mark, result = Text("– ", "dim"), f"not tried without {lacking}; run: pip install {lacking}"
        else:
            try:
                # `again`, because the doctor has to see what happens now and not what an earlier run has recorded
                with Console(stderr=True).status(f"trying the reference of {assignment.name}"):
                    self_test.require(course, assignment, confinement, again=True)
            except GraderError as error:
                mark, result, passed = Text("✗ ", "red"), str(error), False
        out.print(mark + Text(f"{assignment.name}: {visible(result)}"), soft_wrap=True)
    return passed


def user_name() -> str:
    """Return the name of the user who runs this; ``"grader"`` where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "grader"


def remarks(found: Sequence[Problem]) -> str:
    """Return a list of the parts of a course that are not used, a line for each; ``""`` if there are none."""
    head = (
        f"{len(found)} {'thing is' if len(found) == 1 else 'things are'} left over; nothing has to be done about them:"
    )
    return "\n".join([head, *(f"  - {remark}" for remark in found)]) if found else ""


def new_exercise(name: str, made: NewExercise) -> str:
    """Return the parts of an exercise that were written, those that existed already, and the next step."""
    lines = ["Written:", *(f"  - {part}" for part in made.written)]
    if made.found:
        lines += ["There already, and left as it is:", *(f"  - {part}" for part in made.found)]
    return "\n".join([*lines, f"Next: `grader prove {name}` names each line that waits for you, as TO WRITE."])


def started(course: Course, found: Findings | None) -> str:
    """Return a description of a new course, the problems in its files, and the next step."""
    names = ", ".join(assignment.name for assignment in course.assignment)
    lines = [f"{course.root} is a course now: {course.course.title}, with {names}."]
    if found and found.errors:
        lines += ["What does not fit any more:", *(f"  - {error}" for error in found.errors)]
    if found and found.remarks:
        lines.append(remarks(found.remarks))
    return "\n".join([*lines, f"Next: cd {course.root}, read README.md, and run `grader release`."])


def released(result: Release) -> str:
    """Return the list of files that a release changed."""
    if not result.written and not result.removed:
        return f"Nothing to do: {result.unchanged} files are up to date."
    lines = [f"  wrote {path}" for path in result.written] + [f"  removed {path}" for path in result.removed]
    return "\n".join([*lines, f"{len(result.written)} files written, {result.unchanged} were up to date."])
