"""The student's command: ``nndl check``, ``nndl explore`` and ``nndl pack``."""

from __future__ import annotations

import importlib
import importlib.util
import signal
import socket
import sys
import zipfile
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from .checks.case import Finding
from .checks.check import CheckResult, examine, find_packs
from .checks.pack import Pack, PackError
from .checks.program import describe_crash

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check, explore and pack your solutions.")


@app.callback()
def _commands() -> None:
    """Check, explore and pack your solutions."""


@app.command()
def check(
    exercises: Annotated[
        list[str] | None,
        typer.Argument(
            help="Exercises (layers.affine_forward), files (layers) or functions; all graded ones by default."
        ),
    ] = None,
) -> None:
    """Run the visible checks of your code in nndl/.

    Exits with 0 when everything passes, 1 when something does not, 2 for an unknown name, or
    when nothing of it can be checked here.
    """
    sys.path.insert(0, str(Path.cwd()))
    try:
        packs = find_packs(exercises or [])
    except PackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    results = []
    left_out = [pack for pack in packs if pack.absent]
    for pack in (pack for pack in packs if not pack.absent):
        if sys.stderr.isatty():  # so that a loop which never ends is seen to be in this exercise
            typer.echo(f"… {pack.exercise}\r", err=True, nl=False)
        results.append(examine_installed(pack))
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


def examine_installed(pack: Pack) -> CheckResult:
    """Examine an exercise in the package ``nndl`` that Python finds; an import that fails is a finding."""
    short = pack.exercise.split(".", 1)[0]
    try:
        module = importlib.import_module(f"nndl.{short}")
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        crash = describe_crash(error)
        finding = Finding("", "error", f"nndl/{short}.py cannot be imported: {crash}.")
        return CheckResult(pack.exercise, False, (finding,), len(pack.cases), optional=pack.optional)
    return examine(pack, {short: module})


@app.command()
def pack(
    assignment: Annotated[str, typer.Argument(help="The assignment to hand in, for instance hw3.")],
    out: Annotated[Path | None, typer.Option(help="The archive to write; <assignment>.zip by default.")] = None,
) -> None:
    """Pack an assignment for handing in: its notebooks, your nndl/ files and your trained nets."""
    folder = Path("assignments") / assignment
    if not folder.is_dir():
        there = ", ".join(sorted(path.name for path in Path("assignments").glob("*/"))) or "none here"
        typer.echo(f"There is no {folder}; run this in the course folder, with one of: {there}.", err=True)
        raise typer.Exit(2)
    out = out or Path(f"{assignment}.zip")
    files = [(path, path.name) for path in sorted(folder.glob("*.ipynb"))]
    nets = [path for path in (folder / "models").glob("*") if path.suffix in (".npz", ".safetensors")]
    files += [(path, f"models/{path.name}") for path in sorted(nets)]
    files += [(path, f"nndl/{path.name}") for path in sorted(Path("nndl").glob("*.py"))]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in files:
            archive.write(path, f"{assignment}/{name}")
            typer.echo(f"  {name}")
    typer.echo(f"{out}: {len(files)} files; hand in this one.")


@app.command()
def explore(
    package: Annotated[Path, typer.Option(help="The package to run; a lecture may show solutions/nndl.")] = Path(
        "nndl"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free port.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    dark: Annotated[bool, typer.Option("--dark", help="Light text on a dark page.")] = False,
) -> None:
    """Open the explorers: what weight scale, batch norm, dropout and the others do, with your own code.

    Ctrl-C ends it, and all that it computes. Exits with 2 when there is nothing to run, or the port is taken.
    """
    if not (package / "fc_net.py").is_file():
        _refuse(f"There is no {package}/fc_net.py; run this in the course folder, or name a --package.")
    if importlib.util.find_spec("voila") is None:
        _refuse("Voila, which shows the explorers as a page, is not installed; run: pip install voila")
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            port = probe.getsockname()[1]
    except OSError as error:
        _refuse(f"Port {port} cannot be used ({error.strerror}); choose another --port, or leave it out.")
    from .explorers.app import serve  # matplotlib and ipywidgets take a second that other commands need not

    typer.echo(f"The explorers of {package} are on http://localhost:{port} (Ctrl-C ends them).")
    for ending in ("SIGTERM", "SIGHUP"):  # a closed terminal ends the server as Ctrl-C does
        if hasattr(signal, ending):
            signal.signal(getattr(signal, ending), signal.default_int_handler)
    server = serve(package, port, browser=browser, dark=dark)
    try:
        raise typer.Exit(server.wait())
    except KeyboardInterrupt:
        typer.echo("Ended.")
    finally:
        server.terminate()
        server.wait()


def _refuse(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)


def main() -> None:
    """Entry point of the command ``nndl``."""
    app()


if __name__ == "__main__":
    main()
