"""Run submitted code in a confined process.

`choose_confinement` picks a sandbox that works on this machine, and a `Worker` runs programs inside it. `confine` lists
what every sandbox promises.
"""

from .choice import choose_confinement
from .confine import Confinement, SandboxUnavailable
from .inside.wire import Opaque
from .limits import Limits
from .worker import Worker, WorkerLost

__all__ = ["Confinement", "Limits", "Opaque", "SandboxUnavailable", "Worker", "WorkerLost", "choose_confinement"]
