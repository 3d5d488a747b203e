"""The student's command, called as the course's package: it checks solutions and packs them for handing in."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from utils.checks.check import CheckResult, examine, find_packs
from utils.checks.course import Course, find

from .checks.case import Finding
from .checks.diagnose.old_python import explain_old_python
from .checks.pack import Pack, PackError
from .checks.program import describe_crash

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check your solutions and pack them for handing in.")


@app.callback()
def _commands() -> None:
    """Check your solutions and pack them for handing in."""


@app.command()
def check(
    exercises: Annotated[
        list[str] | None,
        typer.Argument(
            help="Exercises (layers.affine_forward), files (layers) or functions; all graded ones by default."
        ),
    ] = None,
    hint: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3,
            help="How much to say: 1 where to look, 2 what was seen, 3 why. By default as the course has it.",
        ),
    ] = None,
) -> None:
    """Run the visible checks of your code.

    Exits with 0 when everything passes, 1 when something does not, 2 for an unknown name, or
    when nothing of it can be checked here.
    """
    course = _course()
    try:
        packs = find_packs(exercises or [], course)
    except PackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    sys.path[:0] = [str(Path.cwd()), str(course.root)]
    results = []
    left_out = [pack for pack in packs if pack.absent]
    for pack in (pack for pack in packs if not pack.absent):
        if sys.stderr.isatty():  # so that a loop which never ends is seen to be in this exercise
            typer.echo(f"… {pack.exercise}\r", err=True, nl=False)
        results.append(examine_installed(pack, course.package, hint or course.hint_level))
        typer.echo(str(results[-1]))
    counted = [result for result in results if result.counts]
    passed = sum(result.passed for result in counted)
    todo = sum(result.missing for result in counted)
    if counted:
        typer.echo(f"\n{passed} of {len(counted)} exercises pass{f', {todo} are still to be written' if todo else ''}.")
    if left_out:
        package, count = left_out[0].needs, f"{len(left_out)} {'more need' if results else 'exercises need'}"
        typer.echo(f"{count} {package}, which is not installed; to check them: pip install {package}")
    raise typer.Exit(2 if not results else 0 if passed == len(counted) else 1)


def examine_installed(pack: Pack, package: str, hint_level: int = 3) -> CheckResult:
    """Examine an exercise in the student's package as Python finds it; an import that fails is a finding."""
    short = pack.exercise.split(".", 1)[0]
    try:
        module = importlib.import_module(f"{package}.{short}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        crash = describe_crash(error, package)
        hint = f"{package}/{short}.py cannot be imported: {crash}. {explain_old_python(crash)}".rstrip()
        finding = Finding("", "error", hint)
        return CheckResult(pack.exercise, False, (finding,), len(pack.cases), optional=pack.optional)
    return examine(pack, {short: module}, hint_level)


@app.command()
def pack(
    assignment: Annotated[str, typer.Argument(help="The assignment to hand in, for instance hw1.")],
    out: Annotated[Path | None, typer.Option(help="The archive to write; <assignment>.zip by default.")] = None,
) -> None:
    """Pack an assignment for handing in: its notebooks, your package's files and your trained nets."""
    package = _course().package
    folder = Path("assignments") / assignment
    if not folder.is_dir():
        there = ", ".join(sorted(path.name for path in Path("assignments").glob("*/"))) or "none here"
        typer.echo(f"There is no {folder}; run this in the course folder, with one of: {there}.", err=True)
        raise typer.Exit(2)
    out = out or Path(f"{assignment}.zip")
    files = [(path, path.name) for path in sorted(folder.glob("*.ipynb"))]
    nets = [path for path in (folder / "models").glob("*") if path.suffix in (".npz", ".safetensors")]
    files += [(path, f"models/{path.name}") for path in sorted(nets)]
    files += [(path, f"{package}/{path.name}") for path in sorted(Path(package).glob("*.py"))]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in files:
            archive.write(path, f"{assignment}/{name}")
            typer.echo(f"  {name}")
    typer.echo(f"{out}: {len(files)} files; hand in this one.")


if importlib.util.find_spec("utils.explore"):  # only a course that has explorers gives them
    from .explore import explore

    app.command()(explore)


def _course() -> Course:
    """The course that the command is run in; ends the command where there is none."""
    try:
        return find()
    except PackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
