"""The command ``nndl explore``: all explorers on a page, served by Voila."""

from __future__ import annotations

import importlib.util
import signal
import socket
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from utils.errors import reason


def explore(
    package: Annotated[Path, typer.Option(help="The package to run; a lecture may show solutions/nndl.")] = Path(
        "nndl"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free port.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    dark: Annotated[bool, typer.Option("--dark", help="Light text on a dark page.")] = False,
    reference: Annotated[Path, typer.Option(help="Another package, to switch to where it is there.")] = Path(
        "solutions/nndl"
    ),
    slides: Annotated[Path | None, typer.Option(help="A lecture: states and questions; docs/explorers.md.")] = None,
    state: Annotated[str, typer.Option(help="What to show first, as the field State has it.")] = "",
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
    from .explorers.app import serve, state_kinds  # matplotlib and ipywidgets take a second that others need not
    from .explorers.slides import SlidesError, parse

    if slides:
        try:
            parse(slides.read_text("utf-8"), state_kinds())
        except (OSError, UnicodeDecodeError) as error:
            _refuse(f"{slides} cannot be read: {reason(error)}")
        except SlidesError as error:
            _refuse(f"{slides}: {error}")
    typer.echo(f"The explorers of {package} are on http://localhost:{port} (Ctrl-C ends them).")
    for ending in ("SIGTERM", "SIGHUP"):  # a closed terminal ends the server as Ctrl-C does
        if hasattr(signal, ending):
            signal.signal(getattr(signal, ending), signal.default_int_handler)
    other = (
        reference.resolve()
        if (reference / "fc_net.py").is_file() and reference.resolve() != package.resolve()
        else None
    )
    server = serve(package, port, browser=browser, dark=dark, state=state, reference=other, slides=slides)
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
