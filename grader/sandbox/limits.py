"""What one worker may use up."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one worker may use up before it is stopped.

    Attributes
    ----------
    seconds : float
        Time for one program, that of answering its questions included: processor time and time asleep; see
        `clock.ProgramClock`.
    start_seconds : float
        Wall-clock time to start a worker. No submitted code has run by then, so this bounds nobody's: it tells a
        machine that cannot start a worker from one that is slow or busy, and is wide.
    memory : int
        Bytes of address space that submitted code may take, beyond what the interpreter and the packages that the
        worker imports while it starts have mapped. A request beyond it raises ``MemoryError`` in the submitted code.
    cpu_seconds : int
        Processor time from the end of the worker's start on; the backstop should the grader itself be stopped.
    processes : int
        Processes, the worker included. Only 1 can be asked for: nothing a student hands in has to start another.
    threads : int
        Threads. Where the grader is a container's root there are none, because the kernel does not count root's.
    file_size : int
        Bytes that one file may grow to.
    scratch : int
        Bytes in the scratch folder as a whole.
    open_files : int
        File descriptors.
    output : int
        Bytes of arrays in one answer.
    structure : int
        Bytes of everything else in one answer: names, numbers, strings.
    asked : int
        Bytes of arrays that one program may send to its proxies, all questions together.
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
            raise ValueError(f"processes={self.processes}: a worker is one process; threads is what can be changed")

    def as_rlimits(self, tasks: int) -> dict[str, int]:
        """The limits that the kernel keeps, by the names of ``resource``; the worker adds the one on `memory`.

        Parameters
        ----------
        tasks : int
            Threads that the worker's user already has; the kernel counts them all.

        Returns
        -------
        dict of str to int
        """
        return {
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_NPROC": tasks + self.threads,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_CORE": 0,
        }
