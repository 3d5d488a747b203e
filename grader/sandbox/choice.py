"""The choice between the ways of confining a worker: the first that has just been seen to hold."""

from __future__ import annotations

from functools import cache

from ..errors import UnusableInput
from .bubblewrap import Bubblewrap
from .confine import Confinement, SandboxUnavailable
from .doctor import run_quick_probes
from .sandlock import Sandlock
from .unconfined import Unconfined


def choose_confinement(choice: str = "auto") -> Confinement:
    """Choose a way of confinement that holds on this machine.

    Parameters
    ----------
    choice : str
        ``"auto"`` (the first of bubblewrap and sandlock that holds), ``"bubblewrap"``, ``"sandlock"`` or ``"none"``.
        Nothing but the word ``"none"`` leads to a bare run.

    Returns
    -------
    Confinement

    Raises
    ------
    SandboxUnavailable
        When nothing that was asked for holds; the sentence names the ways out.
    UnusableInput
        When there is no sandbox of that name.
    """
    if choice == Unconfined.name:
        return Unconfined()
    names = [way.name for way in confinements()]
    if choice not in ("auto", *names):
        raise UnusableInput(
            f"there is no sandbox called {choice!r}; there are: auto, {', '.join(names)}, {Unconfined.name}"
        )
    reasons = []
    for name in names if choice == "auto" else [choice]:
        try:
            return _tested(name)
        except SandboxUnavailable as error:
            reasons.append(f"{name}: {error}")
    raise SandboxUnavailable(f"submitted code cannot be confined on this machine ({'; '.join(reasons)}). {_REMEDIES}")


_REMEDIES = (
    "Ways out: for bubblewrap, its program and the right to user namespaces; for sandlock, a kernel with Landlock "
    "('landlock' in /sys/kernel/security/lsm); for code you would run anyway, --sandbox none."
)


def confinements() -> list[Confinement]:
    """The ways that confine, the preferred one first.

    Bubblewrap keeps one promise more: what is not bound into its file system cannot even be looked up.
    """
    return [Bubblewrap(), Sandlock()]


@cache
def _tested(name: str) -> Confinement:
    """One way of confinement, after a worker inside has tried to get out; see `doctor.run_quick_probes`."""
    way = next(way for way in confinements() if way.name == name)
    escaped = [probe for probe in run_quick_probes(way) if probe.broken]
    if escaped:
        raise SandboxUnavailable("it does not hold: " + "; ".join(f"{p.promise}: {p.detail}" for p in escaped))
    return way
