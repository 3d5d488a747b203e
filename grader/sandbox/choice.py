"""Choose a confinement for workers: the first one from which the quick probes cannot break out on this machine."""

from __future__ import annotations

from functools import cache

from ..errors import UnusableInput
from .bubblewrap import Bubblewrap
from .confine import Confinement, SandboxUnavailable
from .doctor import run_quick_probes
from .landlock import Landlock
from .other_user import OtherUser
from .unconfined import Unconfined


def choose_confinement(choice: str = "auto") -> Confinement:
    """Choose a confinement that works on this machine.

    Parameters
    ----------
    choice : str, default "auto"
        ``"auto"`` (the first of bubblewrap and landlock that works), ``"bubblewrap"``, ``"landlock"``,
        ``"other-user"`` or ``"none"``. Submitted code runs unconfined only where ``"none"`` was asked for, and confined
        by file permissions only where ``"other-user"`` was.

    Returns
    -------
    Confinement

    Raises
    ------
    SandboxUnavailable
        When none of the confinements that were asked for works here. The message says why, and what to install.
    UnusableInput
        When there is no sandbox of that name.
    """
    if choice == Unconfined.name:
        return Unconfined()
    names = [confinement.name for confinement in confinements()]
    if choice not in ("auto", *names, OtherUser.name):
        raise UnusableInput(
            f"there is no sandbox called {choice!r}; there are: auto, "
            f"{', '.join((*names, OtherUser.name))}, {Unconfined.name}"
        )
    reasons = []
    for name in names if choice == "auto" else [choice]:
        try:
            return _tested(name)
        except SandboxUnavailable as error:
            reasons.append(f"{name}: {error}")
    raise SandboxUnavailable(f"submitted code cannot be confined on this machine ({'; '.join(reasons)}). {_REMEDIES}")


_REMEDIES = (
    "To confine it: for bubblewrap, install its program and allow user namespaces; for landlock, use a kernel with "
    "Landlock ('landlock' in /sys/kernel/security/lsm). To run code that you trust without a sandbox: --sandbox none."
)


def confinements() -> list[Confinement]:
    """List the confinements, the preferred one first.

    Bubblewrap comes first because it keeps one promise more: a file that is not bound into its file system does not
    exist there, so that not even its size can be seen.
    """
    return [Bubblewrap(), Landlock()]


def take_as_tested(name: str) -> None:
    """Take a confinement as tested, because another process on this machine has just chosen it."""
    if name != Unconfined.name:
        _tested_elsewhere.add(name)


_tested_elsewhere: set[str] = set()


@cache
def _tested(name: str) -> Confinement:
    """Return a confinement by its name, after `run_quick_probes` has failed to break out of it."""
    confinement = next(found for found in (*confinements(), OtherUser()) if found.name == name)
    if name in _tested_elsewhere:
        return confinement
    escaped = [probe for probe in run_quick_probes(confinement) if probe.broken]
    if escaped:
        raise SandboxUnavailable("it breaks promises: " + "; ".join(f"{p.promise}: {p.detail}" for p in escaped))
    return confinement
