"""Define the limits of one worker: time, memory, threads, files, output and questions."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one worker may use before it is stopped.

    Attributes
    ----------
    seconds : float
        Seconds for one program, including those that answering its questions takes. Processor time and time asleep
        count; see `clock.ProgramClock`.
    start_seconds : float
        Wall-clock seconds for starting a worker. No submitted code runs in this time. The limit only tells a machine
        that cannot start a worker at all from one that is slow or busy, so it is generous.
    memory : int
        Bytes of address space that submitted code may take beyond what the started worker has mapped for the
        interpreter and its packages. A larger request raises ``MemoryError`` in the submitted code.
    cpu_seconds : int
        Processor seconds for all programs of the worker together, counted from the end of its start. The kernel keeps
        this limit, so that a worker ends even where the grader itself has been stopped.
    processes : int
        Processes, including the worker itself. Must be 1: no submission needs to start another.
    threads : int
        Threads. Where the grader runs as the root of a container the worker can start none, because the kernel does
        not count root's threads.
    file_size : int
        Bytes in one file.
    scratch : int
        Bytes in all files of the scratch folder together.
    open_files : int
        File descriptors that are open at the same time.
    output : int
        Bytes of arrays in one message from the worker.
    structure : int
        Bytes of everything else in one message from the worker: names, numbers, strings.
    asked : int
        Bytes of arrays in all questions of one program together.
    questions : int
        Questions that one program may ask; the course's nets ask fewer than twenty.
    """

    seconds: float = 10.0
    start_seconds: float = 240.0
    memory: int = 2048 * MEGABYTE
    cpu_seconds: int = 600
    processes: int = 1
    threads: int = 64
    file_size: int = 16 * MEGABYTE
    scratch: int = 64 * MEGABYTE
    open_files: int = 64
    output: int = 64 * MEGABYTE
    structure: int = 1 * MEGABYTE
    asked: int = 32 * MEGABYTE
    questions: int = 1000

    def __post_init__(self) -> None:
        if self.processes != 1:
            raise ValueError(f"processes={self.processes}: a worker is one process; only threads can be changed")

    def as_rlimits(self, tasks: int) -> dict[str, int]:
        """Translate the limits that the kernel keeps into resource limits; see setrlimit(2).

        The one on `memory` is missing, because only the started worker knows how much it has mapped already.

        Parameters
        ----------
        tasks : int
            Threads that the worker's user already has. ``RLIMIT_NPROC`` counts all threads of a user, not just those of
            one process.

        Returns
        -------
        dict of str to int
            Name of a constant of ``resource`` → limit.
        """
        return {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_NPROC": tasks + self.threads,
            "RLIMIT_MSGQUEUE": 0,  # a message queue would outlive the worker
            "RLIMIT_CORE": 0,  # a core dump would, too
        }
