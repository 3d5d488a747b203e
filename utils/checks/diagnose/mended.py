"""Say with which changes code that crashes would run, and what is still wrong with it then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..case import Finding
from .changes import Found
from .findings import only_here
from .wrong_outputs import WrongOutputs


def with_mended(
    crash: Finding, findings: Sequence[Finding], found: Found, hints: Mapping[str, str], parts: tuple[str, ...]
) -> tuple[Finding, list[Finding]]:
    """Add to what is said of a crash the changes that end it, and the mistakes that show only then.

    Parameters
    ----------
    crash : Finding
        What is said of the crash.
    findings : sequence of Finding
        What is said of the cases that ran.
    found : Found
    hints : mapping of str to str
        The sentence of each misconception, by id.
    parts : tuple of str
        The parts that crash, in which those mistakes show.

    Returns
    -------
    crash : Finding
    findings : list of Finding
        Without what is said of outputs that are right once the crash is gone: where the code ran, it showed as them.
    """
    ends = "the code would run" if found.beside else "the code would run, and be right in every case"
    crash = replace(crash, hint=f"{crash.hint} With {found.said}, {ends}.")
    # Code that is right with these changes has no other mistake: what else was recognised where it ran is this one.
    kept = [
        one
        for one in findings
        if (one.misconception and found.beside) or not set(one.aspect.split(", ")) <= set(found.right)
    ]
    told = {crash.misconception, *(one.misconception for one in kept)}
    by_name: dict[str, list[str]] = {}
    for path, name in found.beside.items():
        if name not in told:
            by_name.setdefault(name, []).append(path)
    kept = [one for one in kept if one.misconception or not set(one.aspect.split(", ")) <= set(found.beside)]
    for name, paths in by_name.items():
        only = only_here(name, hints[name], paths, WrongOutputs(found.results), found.results)
        # Another change that ends the crash may leave something else, so this is said of the change that was run.
        hint = f"Run with {'that change' if len(found.changes) == 1 else 'those changes'}, it is still wrong"
        hint = f"{hint}{f': {only}' if only else '. '}{hints[name]}"
        kept.append(Finding(", ".join(paths), "fail", hint, name, crash.case, parts=parts))
    return crash, kept
