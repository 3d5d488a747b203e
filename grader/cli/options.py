"""Options that several subcommands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CourseOption = Annotated[
    Path | None, typer.Option("--course", help="The course folder; found upwards from here by default.")
]
SandboxOption = Annotated[
    str, typer.Option("--sandbox", help="auto, bubblewrap, landlock, other-user, or none (runs strangers' code bare).")
]
AssignmentArgument = Annotated[str, typer.Argument(help="Which assignment, for instance hw1.")]
SubmittedOption = Annotated[Path | None, typer.Option(help="Holds <student>/<assignment>; submitted/ by default.")]
DbOption = Annotated[str | None, typer.Option(help="The gradebook's URL; gradebook.db by default.")]
