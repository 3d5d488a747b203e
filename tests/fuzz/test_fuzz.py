"""Does every byte string end in a result or in one typed sentence: no crash, no hang, no flood of memory?

The ordinary suite tries 500 inputs, ``make fuzz`` 100,000. What was found once lies in ``corpus/<target>/`` and is
tried each time.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from strategies import inputs
from targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
INPUTS = int(os.environ.get("NNDL_FUZZ", "500"))
SECONDS = 10  # for one input: a hundred times what the slowest takes
MEMORY = 1 << 30

Target = Callable[[bytes], None]


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """A gigabyte more than now: whoever wants that for a few bytes gets a MemoryError."""
    usual = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, usual[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, usual)


def survive(target: Target, data: bytes) -> None:
    """Hand over the bytes; what is raised besides the target's own error is a bug."""

    def too_slow(*_: object) -> None:
        raise TimeoutError(f"{target.__name__} takes more than {SECONDS} seconds")

    before = signal.signal(signal.SIGPROF, too_slow)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # processor time: a busy machine makes nothing slow
    try:
        target(data)
    except TARGETS[target] as error:
        if TARGETS[target] is AssertionError:
            raise
        said = str(error)
        assert said.strip()
        assert len(said) < 2000
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.__name__)
def test_anything_ends_in_a_result_or_a_sentence(target: Target) -> None:
    @seed(1)
    @settings(
        max_examples=INPUTS // len(TARGETS), deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(inputs()[target])
    def search(data: bytes) -> None:
        survive(target, data)

    search()


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_stays_mended(path: Path) -> None:
    (target,) = (target for target in TARGETS if target.__name__ == path.parent.name)
    survive(target, path.read_bytes())


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (lambda data: 1 // len(data), ZeroDivisionError),
        (lambda data: bytearray(2 * MEMORY), MemoryError),
        (lambda data: exec("while True: pass"), TimeoutError),
    ],
    ids=["crash", "memory", "hang"],
)
def test_a_target_that_breaks_is_found(broken: Target, error: type[Exception], monkeypatch) -> None:
    monkeypatch.setitem(TARGETS, broken, ValueError)
    monkeypatch.setitem(globals(), "SECONDS", 1)
    with pytest.raises(error):
        survive(broken, b"")
