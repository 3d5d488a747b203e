"""Memory is counted from what the worker has mapped when it is ready, and what it maps before does not matter."""

from __future__ import annotations

import mmap
import os
import resource
from pathlib import Path

import pytest

from grader.sandbox import Confinement, Limits, Worker, readable
from grader.sandbox.inside.address_space import mapped_bytes
from utils.checks.program import Ran

MEBIBYTE = 1 << 20
LARGE = """
import mmap
libraries = mmap.mmap(-1, 6 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)
"""


def as_the_kernel_says() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def test_the_address_space_is_measured_without_proc() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    assert 0 <= mapped_bytes() - as_the_kernel_says() <= 1 << 16
    with mmap.mmap(-1, 6 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=0):
        assert mapped_bytes() > 6 << 30
        assert 0 <= mapped_bytes() - as_the_kernel_says() <= 1 << 16
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Two packages that workers can import: one maps as much as a PyTorch that is built for CUDA, one maps nothing."""
    site = tmp_path / "site-packages"
    site.mkdir()
    for name, source in {"large_package": LARGE, "small_package": ""}.items():
        (site / f"{name}.py").write_text(source)
        (site / f"{name}-1.dist-info").mkdir()
        (site / f"{name}-1.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (site / f"{name}-1.dist-info" / "RECORD").write_text(f"{name}.py,,\n")
    monkeypatch.syspath_prepend(site)
    readable._readable_files.cache_clear()
    yield
    readable._readable_files.cache_clear()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("package", ["small_package", "large_package"])
@pytest.mark.parametrize("memory", [96 * MEBIBYTE, 700 * MEBIBYTE])
def test_a_submission_gets_its_memory_and_no_more(confinement: Confinement, package: str, memory: int) -> None:
    """The limit is on top of what was imported for it, however much that is."""
    source = "import mmap\ndef take(size):\n    mmap.mmap(-1, size).close()\n"
    with Worker(
        confinement, {"layers": source}, "layers", {}, limits=Limits(memory=memory), packages=(package,)
    ) as worker:
        assert worker.run(f"layers.take({memory - 16 * MEBIBYTE})", {}, ()) == Ran({}, ())
        refused = worker.run(f"layers.take({memory + MEBIBYTE})", {}, ())
    assert (refused.error, refused.message) == ("OSError", "[Errno 12] Cannot allocate memory")
