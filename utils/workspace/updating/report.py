"""Say what an update has done, in the terminal or below a notebook's cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .merge import Merged
from .plan import BESIDE, Plan
from .update import Updated


def lines(done: Updated, package: str) -> list[str]:
    """Return the lines of a report.

    Parameters
    ----------
    done : Updated
    package : str
        The student's package, which is also the name of the command.
    """
    plan = done.plan
    said = [*_overview(plan), *_attention(plan)]
    meanwhile = "was changed while this ran; it stays, and the new one is"
    said += [f"! {path} {meanwhile} {path}{BESIDE}" for path in done.meanwhile]
    if done.backup:
        folder = "/".join(done.backup.folder.parts[-2:])
        again = "" if done.backup.undoes else f"; to go back: {package} update --undo"
        said += ["", f"What was there before is in {folder}/before{again}"]
        said += ["Notebooks that are open now: File → Reload Notebook from Disk; then restart the kernel."]
        if {"pyproject.toml", "setup.py"} & plan.writes.keys():
            said += ["What the course is installed with has changed; run once: python -m pip install -e ."]
    return said


def _overview(plan: Plan) -> Iterator[str]:
    """Yield a line for what needs no attention."""
    if plan.as_before:
        yield f"+ {_some(plan.as_before)}: as before"
    for path in plan.restored:
        yield f"+ {path} was overwritten, probably by unpacking a release here; what you wrote is in it again"
    if plan.new:
        shown = [path for path in plan.new if path.endswith((".ipynb", ".md")) or "/" not in path][:8]
        yield f"+ {_count(plan.new, 'new file')}{': ' if shown else ''}{', '.join(shown)}"
    if plan.renewed:
        yield f"+ {_count(plan.renewed, 'given file')} renewed"
    if plan.removed:
        yield f"- {_count(plan.removed, 'given file')} removed, which nothing needs any more"
    for path, merged in plan.merged.items():
        if path in plan.writes and merged.added:
            yield f"+ {path}: new in it are {_some(merged.added)}; what you wrote is as it was"
        elif path in plan.writes and path not in plan.restored:
            yield f"+ {path}: renewed around what you wrote"


def _attention(plan: Plan) -> Iterator[str]:
    """Yield a line for each thing that the student should look at."""
    for path, merged in plan.merged.items():
        yield from _both(path, merged)
        if merged.gone:
            yield f"! {path}: {_some(merged.gone)} is no part of the course any more; what you wrote stays"
    for path in plan.replaced:
        yield f"! {path} is given and was renewed, although you had changed it; your version is in the backup"
    for path, reason in plan.kept_whole.items():
        if f"{path}{BESIDE}" in plan.writes:
            yield (
                f"! {path} cannot be merged ({reason}); it stays as it is, and the new one is {path}{BESIDE}. "
                "Mend it, and run the same update again."
            )
        else:
            yield f"! {path} stays: {reason}"


def _both(path: str, merged: Merged) -> Iterator[str]:
    if merged.both and path.endswith(".ipynb"):
        yield f"! {path}: you and the course have both changed {_some(merged.both)}; there are now two cells of each"
    elif merged.both:
        new = f"the new version is in {path}{BESIDE}"
        yield f"! {path}: you and the course have both changed {_some(merged.both)}; yours stays, and {new}"
    elif merged.beside:
        yield f"! {path}: the new text of a docstring that you had changed is in {path}{BESIDE}"


def _count(paths: Sequence[str], what: str) -> str:
    return f"{len(paths)} {what}{'' if len(paths) == 1 else 's'}"


def _some(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
