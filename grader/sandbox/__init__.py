"""Running submitted code confined: see `choice` for the promise and `pool.Worker` for how it is used."""

from .choice import choose_confinement
from .confine import Confinement, SandboxUnavailable
from .inside.wire import Opaque
from .limits import Limits
from .worker import Worker, WorkerLost

__all__ = ["Confinement", "Limits", "Opaque", "SandboxUnavailable", "Worker", "WorkerLost", "choose_confinement"]
