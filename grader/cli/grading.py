"""Define the subcommands that judge submissions and answer for the result."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from .. import course
from ..errors import CourseError, UnusableInput
from .options import AssignmentArgument, CourseOption, DbOption, SandboxOption, SubmittedOption


def check(
    path: Annotated[Path, typer.Argument(help="A submission: a folder or an archive.")],
    assignment: Annotated[str, typer.Option(help="Which assignment it answers, for instance hw1.")],
    json: Annotated[str | None, typer.Option(help="Write the report as JSON to this file, or - for stdout.")] = None,
    student: Annotated[
        str | None,
        typer.Option(
            help="The student; by default the name of the folder (of the one above it, for <student>/<assignment>)."
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Grade it even if an unchanged report is kept.")] = False,
    sandbox: SandboxOption = "auto",
    root: CourseOption = None,
) -> None:
    """Grade one submission, without a database.

    Exits with 0 when the submission was graded, whatever its score; 2 when PATH is no submission; 3 without a sandbox.
    """
    from ..classrun import collect, record
    from ..classrun.grading import grade_one
    from ..report import report_json
    from ..show.class_run import try_reference
    from ..show.submission import report as shown

    loaded = course.load(root)
    task = loaded[assignment]
    hand_in = collect.HandIn(student or collect.student_of(path, task), path)
    collect.read_submission(loaded, task, path)
    try_reference(loaded, task, sandbox)
    report = grade_one(loaded, task, hand_in, sandbox=sandbox, again=again, purpose=record.FOR_CHECK).report
    if json == "-":
        sys.stdout.buffer.write(report_json(report))
    elif json:
        try:
            Path(json).write_bytes(report_json(report))
        except OSError as error:
            raise UnusableInput(f"{json} cannot be written ({error.strerror}); choose another file.") from None
    if json != "-":
        Console().print(shown(report))


def grade(
    assignment: AssignmentArgument,
    submitted: SubmittedOption = None,
    db: DbOption = None,
    feedback: Annotated[Path | None, typer.Option(help="Where pages are written; build/feedback/ by default.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Processes; one for each processor by default.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Grade unchanged submissions again.")] = False,
    student: Annotated[list[str] | None, typer.Option(help="Only this student's; may be given several times.")] = None,
    exercise: Annotated[list[str] | None, typer.Option(help="Only this exercise; may be given several times.")] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what was too slow, killed, an error, or not graded; again.")
    ] = False,
    log: Annotated[Path | None, typer.Option(help="A file for a line on each one; in build/logs/ by default.")] = None,
    dask: Annotated[
        str | None,
        typer.Option(help="Grade on the workers of this Dask scheduler, as in tcp://HOST:PORT; see docs/cluster.md."),
    ] = None,
    dask_wait: Annotated[float, typer.Option(help="Seconds to wait for the scheduler, and for workers.")] = 60.0,
    sandbox: SandboxOption = "auto",
    root: CourseOption = None,
) -> None:
    """Grade a class into nbgrader's gradebook, and write a page for each student and one for the class.

    Can be stopped at any moment and run again: what was graded is kept. With --student, --exercise or --failed, all
    other results stay as they are, and the pages still show everybody.
    """
    from ..classrun import collect
    from ..classrun.selection import Selection
    from ..show import class_run

    loaded = course.load(root)
    task = loaded[assignment]
    hand_ins = collect.collect(submitted or loaded.root / "submitted", task)
    pages = feedback or loaded.root / "build" / "feedback"
    chosen = Selection(frozenset(student or ()), frozenset(exercise or ()), failed)
    where: dict[str, Any] = {"jobs": jobs, "dask": dask, "wait": dask_wait}
    with class_run.runner(loaded, task, hand_ins, again=again, **where) as runner:
        from ..gradebook import Gradebook  # importing it takes longer than all else here, and the runner's start too

        with Gradebook(loaded, db) as gradebook:
            class_run.grade_class(
                loaded,
                task,
                hand_ins,
                gradebook,
                pages,
                runner=runner,
                again=again,
                sandbox=sandbox,
                selection=chosen,
                log=log,
            )


def explain(
    assignment: Annotated[str, typer.Argument(help="The assignment.")],
    student: Annotated[str, typer.Argument(help="The student, by the name in submitted/.")],
    exercise: Annotated[str, typer.Argument(help="The exercise, as course.toml names it.")],
    case: Annotated[str, typer.Option(help="The case's title; the one that the student's page names by default.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the script to this file; printed by default.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also before the deadline.")] = False,
    submitted: SubmittedOption = None,
    sandbox: SandboxOption = "auto",
    root: CourseOption = None,
) -> None:
    """Show why an answer is wrong: a script with the hidden case that failed, to run with the student's own files.

    The student's code runs in the sandbox to find the case. To judge it anew afterwards: grader grade ASSIGNMENT
    --student STUDENT --exercise EXERCISE --again.
    """
    from ..classrun.explain import explain as make_script
    from ..show.submission import explanation

    loaded = course.load(root)
    folder = submitted or loaded.root / "submitted"
    how: dict[str, Any] = {"sandbox": sandbox, "case": case, "anyway": anyway}
    explanation(make_script(loaded, loaded[assignment], student, exercise, folder, **how), out)


def desk(
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Show no names, and no order of names.")] = False,
    name: Annotated[str | None, typer.Option(help="Your name, for other graders; your user's by default.")] = None,
    port: Annotated[int, typer.Option(help="The port on this machine; a free one by default.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    db: DbOption = None,
    submitted: SubmittedOption = None,
    root: CourseOption = None,
) -> None:
    """Grade answers in writing by hand, on a web page of this machine: one question at a time over all students."""
    from ..desk import serve
    from ..desk.desk import Desk
    from ..gradebook import Gradebook

    loaded = course.load(root)
    with Gradebook(loaded, db) as gradebook:
        opened = Desk(loaded, gradebook, submitted or loaded.root / "submitted", anonymous=anonymous)
        serve(opened, name or _user(), port=port, browser=browser, say=typer.echo)


def _user() -> str:
    """Return the name of the user who runs this; ``"grader"`` where the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "grader"


def doctor(sandbox: SandboxOption = "auto", root: CourseOption = None) -> None:
    """Test each sandbox by trying to break out of it, and run the reference in the preferred one.

    Exits with 3 when no sandbox works, or the reference does not pass. Outside of a course folder there is no
    reference.
    """
    from ..sandbox import SandboxUnavailable, choose_confinement
    from ..sandbox.choice import confinements
    from ..sandbox.doctor import run_all_probes
    from ..show import sandbox as sandboxes

    chosen = choose_confinement(sandbox)
    kept = False
    for each in confinements() if sandbox == "auto" else [chosen]:
        try:
            probes = run_all_probes(each)
        except SandboxUnavailable as error:
            Console().print(f"{each.name}: cannot be used here: {error}", end="\n\n")
            continue
        Console().print(*sandboxes.examined(each, probes), sep="\n", end="\n\n")
        if each.name == chosen.name:
            kept = not any(probe.broken for probe in probes)
    Console().print(f"Submissions are run in: {chosen.name}")
    try:
        loaded = course.load(root)
    except CourseError as error:
        if root:
            raise
        Console().print(f"No assignment was tried: {error}", soft_wrap=True, highlight=False)
        raise typer.Exit(0 if kept else 3) from None
    passed = sandboxes.self_tests(loaded, chosen)
    raise typer.Exit(0 if passed and kept else 3)


def make_demo(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder to write to; demo/ in the course folder by default.")
    ] = None,
    root: CourseOption = None,
) -> None:
    """Grade a made-up class from end to end: a gradebook, feedback pages and a table to look at."""
    from .. import demo

    demo.run(course.load(root, decided=False), folder)  # decisions are about real students
