"""The command ``pack``: one archive to hand in."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Annotated

import typer

from .here import this_course


def pack(
    assignment: Annotated[str, typer.Argument(help="The assignment to hand in, for instance hw1.")],
    out: Annotated[Path | None, typer.Option(help="The archive to write; <assignment>.zip by default.")] = None,
) -> None:
    """Pack an assignment for handing in: its notebooks, your package's files and your trained nets."""
    package = this_course().package
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
