"""Running submitted code confined: see `confine` for the promise and `pool.Worker` for how it is used."""

from .confine import Confinement, SandboxUnavailable, confinement
from .inside.wire import Opaque
from .limits import Limits
from .pool import Worker, WorkerLost

__all__ = ["Confinement", "Limits", "Opaque", "SandboxUnavailable", "Worker", "WorkerLost", "confinement"]
