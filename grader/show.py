"""What the commands print: tables and progress, with Rich. Names of strangers are printed as text, never as markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from .classrun import self_test
from .classrun.collect import HandIn
from .classrun.grading import Graded, ready
from .course import Assignment, Course
from .errors import GraderError, Problem, UnusableInput
from .host.files import content, write_if_changed
from .judging import oracle
from .reference import Reference
from .report import Report, Verdict
from .wording import WORDING, one_line, points, visible

if TYPE_CHECKING:
    from .authoring import NewExercise
    from .classrun.run import ClassRun
    from .gradebook import Gradebook
    from .release import Release
    from .release.consistency import Findings
    from .sandbox import Confinement
    from .sandbox.doctor import Probe

STYLES = {"pass": "green", "partial": "yellow", "missing": "dim"}


def report(graded: Report) -> Group:
    """One submission: a row for each exercise, then what was found."""
    table = Table(box=None, pad_edge=False)
    table.add_column()
    table.add_column("exercise", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what was found")
    for verdict in graded.exercises:
        style = STYLES.get(verdict.verdict, "red")
        earned = f"{points(verdict.score)} / {points(verdict.max_score)}"
        said = [
            f"{finding.aspect}: {finding.hint}" if finding.aspect else finding.hint
            for finding in verdict.findings
            if finding.hint
        ]
        table.add_row(Text(WORDING[verdict.verdict].symbol, style), verdict.name, earned, _listed(said))
    total = Text(f"\n{points(graded.score)} of {points(graded.max_score)} points, run in: {graded.sandbox}", "bold")
    return Group(table, _listed(graded.remarks), total)


def _listed(sentences: Sequence[str]) -> Table:
    """Sentences of strangers, one below the other; a long one is wrapped behind its dot and never begins a line."""
    table = Table.grid(padding=(0, 1))
    for sentence in sentences:
        table.add_row("·", Text(one_line(sentence)))
    return table


def roster(graded: Sequence[Graded]) -> Table:
    """A class: a row for each submission."""
    table = Table(box=None, pad_edge=False, expand=True)
    for name in ("student", "points", "verdicts"):
        table.add_column(name, justify="right" if name == "points" else "left", no_wrap=True, overflow="fold")
    table.add_column("first thing to say", overflow="ellipsis", no_wrap=True, ratio=1)
    for one in graded:
        marks = Text()
        for verdict in one.report.exercises:
            marks.append(WORDING[verdict.verdict].symbol, STYLES.get(verdict.verdict, "red"))
        earned = f"{points(one.report.score)} / {points(one.report.max_score)}"
        table.add_row(Text(one_line(one.hand_in.student, 200)), earned, marks, Text(one_line(_first(one.report))))
    return table


def legend() -> Text:
    """What the symbols mean."""
    return Text("   ".join(f"{word.symbol} {word.words}" for word in WORDING.values()), "dim")


def grade_class(
    course: Course,
    assignment: Assignment,
    hand_ins: Sequence[HandIn],
    gradebook: Gradebook,
    pages: Path,
    *,
    jobs: int | None = None,
    again: bool = False,
    sandbox: str = "auto",
) -> ClassRun:
    """Grade a class with a progress bar, print the roster and where the pages are; exit code 1 on trouble."""
    from .classrun import run as classroom

    try_reference(course, assignment, sandbox)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(f"grading {assignment.name}", total=len(hand_ins))
        run = classroom.run(
            course,
            assignment,
            hand_ins,
            gradebook,
            pages,
            jobs=jobs,
            again=again,
            sandbox=sandbox,
            progress=lambda graded: bar.advance(task),
        )
    out = Console()
    if not out.is_terminal:
        out = Console(width=140)  # a log has no width of its own
    out.print(roster(run.graded), legend())
    kept = sum(graded.kept for graded in run.graded)
    ways = Counter(graded.report.sandbox for graded in run.graded)
    out.print(
        f"\n{len(run.graded)} submissions, {kept} of them unchanged since they were last graded; "
        f"run in: {', '.join(ways)}."
    )
    out.print(f"Gradebook: {gradebook.url}", f"Class page: {run.page}", sep="\n", soft_wrap=True, highlight=False)
    if run.not_charged:
        out.print(Text(run.not_charged))
    for trouble in run.troubles:
        out.print(Text(f"! {one_line(trouble)}", "red"))
    if run.troubles:
        raise typer.Exit(1)
    return run


def try_reference(course: Course, assignment: Assignment, sandbox: str) -> None:
    """See whether the reference passes in the sandbox, and say meanwhile what takes so long."""
    with Console(stderr=True).status(f"trying the reference of {assignment.name} in the sandbox, once"):
        ready(course, assignment, sandbox)


def prove(course: Course, exercises: Sequence[str], *, check: bool = False, jobs: int | None = None) -> None:
    """Run mutants with a progress bar, print what slips through, write the page; exit code 1 where something does."""
    from . import mutation
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
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
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
    if missed or stale:
        raise typer.Exit(1)


def examined(confinement: Confinement, probes: Sequence[Probe]) -> list[Table | str]:
    """Show what the doctor found out about a confinement: a table of its promises."""
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
    """Try the reference of each assignment in the sandbox, a line for each; whether none failed."""
    out, passed = Console(), True
    for assignment in course.assignment:
        mark, said = Text("✓ ", "green"), "the reference passes in the sandbox"
        if lacking := oracle.missing_packages(course, assignment):
            mark, said = Text("– ", "dim"), f"not tried without {lacking}; run: pip install {lacking}"
        else:
            try:
                with Console(stderr=True).status(f"trying the reference of {assignment.name}"):
                    self_test.require(course, assignment, confinement, again=True)
            except GraderError as error:
                mark, said, passed = Text("✗ ", "red"), str(error), False
        out.print(mark + Text(f"{assignment.name}: {visible(said)}"), soft_wrap=True)
    return passed


def remarks(found: Sequence[Problem]) -> str:
    """What is not used in a course, a line for each; ``""`` where there is nothing."""
    head = (
        f"{len(found)} {'thing is' if len(found) == 1 else 'things are'} left over; nothing has to be done about them:"
    )
    return "\n".join([head, *(f"  - {one}" for one in found)]) if found else ""


def new_exercise(name: str, made: NewExercise) -> str:
    """What was written for an exercise, what was there already, and what is next."""
    lines = ["Written:", *(f"  - {one}" for one in made.written)]
    if made.found:
        lines += ["There already, and left as it is:", *(f"  - {one}" for one in made.found)]
    return "\n".join([*lines, f"Next: `grader prove {name}` names each line that waits for you, as TO WRITE."])


def started(course: Course, found: Findings | None) -> str:
    """What a new course is, what in it does not fit, and what is next."""
    names = ", ".join(assignment.name for assignment in course.assignment)
    lines = [f"{course.root} is a course now: {course.course.title}, with {names}."]
    if found and found.errors:
        lines += ["What does not fit any more:", *(f"  - {one}" for one in found.errors)]
    if found and found.remarks:
        lines.append(remarks(found.remarks))
    return "\n".join([*lines, f"Next: cd {course.root}, read README.md, and run `grader release`."])


def released(result: Release) -> str:
    """What a release changed."""
    if not result.written and not result.removed:
        return f"Nothing to do: {result.unchanged} files are up to date."
    lines = [f"  wrote {path}" for path in result.written] + [f"  removed {path}" for path in result.removed]
    return "\n".join([*lines, f"{len(result.written)} files written, {result.unchanged} were up to date."])


def _first(report: Report) -> str:
    """The one sentence that an instructor wants to see beside a score."""
    worst: list[Verdict] = [verdict for verdict in report.exercises if verdict.verdict != "pass"]
    if not worst:
        return "everything is right"
    if report.remarks and all(verdict.verdict == "missing" for verdict in report.exercises):
        return report.remarks[0]
    telling = [verdict for verdict in worst if verdict.verdict != "missing"] or worst
    telling.sort(key=lambda verdict: verdict.verdict not in ("timeout", "killed", "error"))
    finding = next(finding for finding in telling[0].findings if finding.verdict != "pass")
    return f"{telling[0].name}: {finding.hint}"
