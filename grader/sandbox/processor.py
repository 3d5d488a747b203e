"""Tell PyTorch in a worker which vector instructions the processor has, since a worker cannot find that out."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

_CAPABILITIES: Final = {  # PyTorch's names, the best one first, with what it requires of the processor
    "avx512": {"avx512f", "avx512vl", "avx512bw", "avx512dq", "fma"},
    "avx2": {"avx2", "fma"},
}


@cache
def vector_instructions() -> dict[str, str]:
    """Return the environment variable that says what this machine's processor can do.

    PyTorch reads /proc/cpuinfo, which no sandbox shows, and without it computes as if there were no vector
    instructions; pooling and normalisation then take several times as long.

    Returns
    -------
    dict of str to str
        ``{"ATEN_CPU_CAPABILITY": "avx512"}`` or ``"avx2"``; empty where the processor has neither, or it is not known.
    """
    with suppress(OSError):
        return _for_flags(Path("/proc/cpuinfo").read_text())
    return {}


def _for_flags(cpuinfo: str) -> dict[str, str]:
    """Return the variable for a text of /proc/cpuinfo: what all processors of the machine can do."""
    processors = [set(flags.split()) for flags in re.findall(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)]
    common = set.intersection(*processors) if processors else set()
    return next(({"ATEN_CPU_CAPABILITY": name} for name, needed in _CAPABILITIES.items() if needed <= common), {})
