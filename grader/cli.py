"""Define the instructor's command ``grader``.

Each subcommand parses its options, calls a function, and prints the result. It holds no logic of its own, so that tests
can call the same functions. Modules are imported inside the subcommands: importing nbgrader alone takes a second, and
every process that grades imports this module again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from . import cli_decide, cli_exchange, course, version
from .errors import CourseError, GraderError, UnusableInput
from .wording import visible

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Release, grade and give feedback.")
app.add_typer(cli_decide.app, name="decide")
console = Console(stderr=True)

CourseOption = Annotated[
    Path | None, typer.Option("--course", help="The course folder; found upwards from here by default.")
]
SandboxOption = Annotated[
    str, typer.Option("--sandbox", help="auto, bubblewrap, landlock, other-user, or none (runs strangers' code bare).")
]


def _print_version(wanted: bool) -> None:
    """Print the version and stop, if ``--version`` is given."""
    if wanted:
        Console().print(f"grader {version()}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Release, grade and give feedback."""


@app.command()
def release(
    assignments: Annotated[list[str] | None, typer.Argument(help="The assignments to release; all by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when committed files are stale.")] = False,
    edition: Annotated[
        Path | None,
        typer.Option("--edition", help="Also write the student edition, a folder and a zip, into this folder."),
    ] = None,
    db: Annotated[str | None, typer.Option(help="The gradebook's URL; gradebook.db by default.")] = None,
    root: CourseOption = None,
) -> None:
    """Write what students get: stubs, notebooks, golden packs. Refuses a release that gives anything away."""
    from . import show
    from .release import release as make_release
    from .release.building import chosen as released_assignments
    from .release.consistency import load_checked
    from .release.edition import student_edition
    from .release.goldens import unexamined_packs

    loaded = load_checked(root)
    released = make_release(loaded, assignments or (), check=check, db=db)
    console.print(show.released(released))
    if released.remarks:
        console.print(show.remarks(released.remarks), markup=False, highlight=False, soft_wrap=True)
    if kept := unexamined_packs(loaded, released_assignments(loaded, assignments or ())):
        console.print(kept)
    if edition:
        console.print(f"Student edition: {student_edition(loaded, edition, released.tree)}")


@app.command(name="new-course")
def start_course(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The new course's folder; it may exist if it is empty.")
    ],
    source: Annotated[Path | None, typer.Option("--from", help="Copy this course folder.")] = None,
    assignments: Annotated[str, typer.Option(help="The assignments to copy, as in hw1,hw2; all by default.")] = "",
    package: Annotated[str | None, typer.Option(help="The name of the student's package.")] = None,
    title: Annotated[str | None, typer.Option(help="The title of the course.")] = None,
) -> None:
    """Start a course: one with a worked example, or with --from a copy of another one."""
    from . import show
    from .authoring import copy_course, new_course

    if source is None and assignments:
        raise UnusableInput("--assignments chooses from a course that is copied; say which with --from.")
    if source is None:
        made, found = new_course(folder, package=package, title=title), None
    else:
        names = [name.strip() for name in assignments.split(",") if name.strip()]
        made, found = copy_course(course.load(source), folder, names, package=package, title=title)
    Console().print(show.started(made, found), markup=False, highlight=False, soft_wrap=True)


@app.command(name="new-exercise")
def start_exercise(
    name: Annotated[str, typer.Argument(help="The exercise, for instance layers.leaky_relu_forward.")],
    assignment: Annotated[str | None, typer.Option("--in", help="The assignment; the only one by default.")] = None,
    notebook: Annotated[str | None, typer.Option(help="The notebook; the only one by default.")] = None,
    points: Annotated[float, typer.Option(help="The points of the exercise.")] = 1.0,
    root: CourseOption = None,
) -> None:
    """Write the skeleton of an exercise into every file where it belongs. Parts that exist already are not changed."""
    from . import show
    from .authoring import new_exercise

    made = new_exercise(course.load(root), name, assignment, notebook, points)
    Console().print(show.new_exercise(name, made), markup=False, highlight=False, soft_wrap=True)


@app.command(name="check-course")
def check_course(root: CourseOption = None) -> None:
    """Name everything in the course's files that does not fit course.toml, with file and line.

    Exits with 2 when something has to be corrected before a release. Parts that are merely not used are listed, too.
    """
    from . import show
    from .release.consistency import load_checked, require

    loaded = load_checked(root)
    course.with_decisions(loaded)  # raises where they do not fit
    remarks = require(loaded)
    Console().print(show.remarks(remarks) or "Everything fits.", markup=False, highlight=False, soft_wrap=True)


@app.command()
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
    from . import show
    from .classrun import collect, record
    from .classrun.grading import grade_one
    from .report import report_json

    loaded = course.load(root)
    task = loaded[assignment]
    hand_in = collect.HandIn(student or collect.student_of(path, task), path)
    collect.read_submission(loaded, task, path)
    show.try_reference(loaded, task, sandbox)
    report = grade_one(loaded, task, hand_in, sandbox=sandbox, again=again, purpose=record.FOR_CHECK).report
    if json == "-":
        sys.stdout.buffer.write(report_json(report))
    elif json:
        try:
            Path(json).write_bytes(report_json(report))
        except OSError as error:
            raise UnusableInput(f"{json} cannot be written ({error.strerror}); choose another file.") from None
    if json != "-":
        Console().print(show.report(report))


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="Which assignment, for instance hw1.")],
    submitted: Annotated[
        Path | None, typer.Option(help="Holds <student>/<assignment>/; submitted/ by default.")
    ] = None,
    db: Annotated[str | None, typer.Option(help="The gradebook's URL; gradebook.db by default.")] = None,
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
    from . import show
    from .classrun import collect
    from .classrun.selection import Selection
    from .gradebook import Gradebook

    loaded = course.load(root)
    task = loaded[assignment]
    hand_ins = collect.collect(submitted or loaded.root / "submitted", task)
    pages = feedback or loaded.root / "build" / "feedback"
    chosen = Selection(frozenset(student or ()), frozenset(exercise or ()), failed)
    with Gradebook(loaded, db) as gradebook, show.runner(loaded, jobs, dask, dask_wait) as runner:
        show.grade_class(
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


app.command()(cli_exchange.collect)
app.command()(cli_exchange.export)


@app.command()
def explain(
    assignment: Annotated[str, typer.Argument(help="The assignment.")],
    student: Annotated[str, typer.Argument(help="The student, by the name in submitted/.")],
    exercise: Annotated[str, typer.Argument(help="The exercise, as course.toml names it.")],
    case: Annotated[str, typer.Option(help="The case's title; the one that the student's page names by default.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the script to this file; printed by default.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also before the deadline.")] = False,
    submitted: Annotated[
        Path | None, typer.Option(help="Holds <student>/<assignment>/; submitted/ by default.")
    ] = None,
    sandbox: SandboxOption = "auto",
    root: CourseOption = None,
) -> None:
    """Show why an answer is wrong: a script with the hidden case that failed, to run with the student's own files.

    The student's code runs in the sandbox to find the case. To judge it anew afterwards: grader grade ASSIGNMENT
    --student STUDENT --exercise EXERCISE --again.
    """
    from . import show
    from .classrun.explain import explain as make_script

    loaded = course.load(root)
    folder = submitted or loaded.root / "submitted"
    how: dict[str, Any] = {"sandbox": sandbox, "case": case, "anyway": anyway}
    show.explanation(make_script(loaded, loaded[assignment], student, exercise, folder, **how), out)


@app.command()
def desk(
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Show no names, and no order of names.")] = False,
    name: Annotated[str | None, typer.Option(help="Your name, for other graders; your user's by default.")] = None,
    port: Annotated[int, typer.Option(help="The port on this machine; a free one by default.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    db: Annotated[str | None, typer.Option(help="The gradebook's URL; gradebook.db by default.")] = None,
    submitted: Annotated[
        Path | None, typer.Option(help="Holds <student>/<assignment>/; submitted/ by default.")
    ] = None,
    root: CourseOption = None,
) -> None:
    """Grade answers in writing by hand, on a web page of this machine: one question at a time over all students."""
    from .desk import serve
    from .desk.desk import Desk
    from .gradebook import Gradebook
    from .show import user_name

    loaded = course.load(root)
    with Gradebook(loaded, db) as gradebook:
        opened = Desk(loaded, gradebook, submitted or loaded.root / "submitted", anonymous=anonymous)
        serve(opened, name or user_name(), port=port, browser=browser, say=typer.echo)


@app.command()
def doctor(sandbox: SandboxOption = "auto", root: CourseOption = None) -> None:
    """Test each sandbox by trying to break out of it, and run the reference in the preferred one.

    Exits with 3 when no sandbox works, or the reference does not pass. Outside of a course folder there is no
    reference.
    """
    from . import show
    from .sandbox import SandboxUnavailable, choose_confinement
    from .sandbox.choice import confinements
    from .sandbox.doctor import run_all_probes

    chosen = choose_confinement(sandbox)
    kept = False
    for each in confinements() if sandbox == "auto" else [chosen]:
        try:
            probes = run_all_probes(each)
        except SandboxUnavailable as error:
            Console().print(f"{each.name}: cannot be used here: {error}", end="\n\n")
            continue
        Console().print(*show.examined(each, probes), sep="\n", end="\n\n")
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
    passed = show.self_tests(loaded, chosen)
    raise typer.Exit(0 if passed and kept else 3)


@app.command()
def prove(
    exercises: Annotated[list[str] | None, typer.Argument(help="The exercises to examine; all by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the page is stale.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Processes; one for each processor by default.")] = None,
    root: CourseOption = None,
) -> None:
    """Change every solution in every small way and prove that the checks notice. Writes docs/mutation.md.

    It also says how often the hints for realistic wrong answers name the true cause; see `grader hints`.
    With EXERCISES it shows the changes that the checks do not notice, and writes nothing.
    """
    from . import show
    from .release.consistency import load_checked

    show.prove(load_checked(root), exercises or (), check=check, jobs=jobs)


@app.command()
def hints(
    exercises: Annotated[list[str] | None, typer.Argument(help="The exercises to measure; all by default.")] = None,
    half: Annotated[
        str | None, typer.Option("--show", metavar="HALF", help="Print causes and hints: development or held_back.")
    ] = None,
    unread: Annotated[bool, typer.Option("--unread", help="With --show: only answers that were not read.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="A file of lines: an answer's id, and named, vague, untrue or none.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the page is stale.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Processes; one for each processor by default.")] = None,
    root: CourseOption = None,
) -> None:
    """Measure on realistic wrong answers how often the hints name the true cause. Writes docs/hints.md.

    With EXERCISES or --show it prints what was found, and writes nothing.
    """
    from . import show_hints
    from .release.consistency import load_checked

    loaded = load_checked(root)
    if record:
        show_hints.record(loaded, record, jobs=jobs)
    elif half:
        show_hints.comparison(loaded, exercises or (), half, unread=unread, jobs=jobs)
    else:
        show_hints.shares(loaded, exercises or (), check=check, jobs=jobs)


@app.command(name="demo")
def make_demo(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder to write to; demo/ in the course folder by default.")
    ] = None,
    root: CourseOption = None,
) -> None:
    """Grade a made-up class from end to end: a gradebook, feedback pages and a table to look at."""
    from . import demo
    from .authoring.decisions_toml import undecided

    demo.run(undecided(root), folder)  # decisions are about real students


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command; an error of the grader is printed as one line and gives its exit code."""
    command: Any = typer.main.get_command(app)
    try:
        sys.exit(command(args, standalone_mode=True))
    except GraderError as error:
        # The message may quote a stranger's file name: control characters are shown, and Rich's markup is off.
        console.print(f"grader: {visible(str(error))}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        console.print("\nStopped. What was graded is kept; run the same command again to go on.")
        sys.exit(130)


if __name__ == "__main__":
    main()
