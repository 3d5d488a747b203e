"""Limiting: what the grading process may use, and when it gets its turn, set by the process that it watches."""

from .bank import attack


def _tried(intent: str, call: str) -> None:
    """An attack that makes one call, whatever becomes of it."""
    attack("limiting", intent, "host", f"""
    import resource

    def relu_forward(x):
        try:
            {call}
        except OSError:
            pass
        return wrong(x)
""")  # fmt: skip


for _limit, _soft in {"NOFILE": 3, "CORE": 0, "STACK": 65536, "NPROC": 1, "MEMLOCK": 0, "CPU": 1}.items():
    _tried(
        f"the parent's limit {_limit}", f"resource.prlimit(os.getppid(), resource.RLIMIT_{_limit}, ({_soft}, {_soft}))"
    )
_tried("the parent comes last", "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)")
_tried("the parent's whole group comes last", "os.setpriority(os.PRIO_PGRP, os.getpgid(os.getppid()), 19)")
_tried("the parent keeps to one processor", "os.sched_setaffinity(os.getppid(), {0})")
_tried(
    "the parent runs when nothing else does", "os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0))"
)
_tried("the parent runs in a batch", "os.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0))")
