"""Which vector instructions PyTorch is told to use, by what the system says of the processors."""

from __future__ import annotations

import pytest

from grader.sandbox.processor import _for_flags

AVX2 = "fpu sse2 avx avx2 fma"
AVX512 = f"{AVX2} avx512f avx512dq avx512bw avx512vl"


def cpuinfo(*flags: str) -> str:
    return "\n".join(
        f"processor\t: {number}\nflags\t\t: {each}\nvmx flags\t: avx512f\n" for number, each in enumerate(flags)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (cpuinfo(AVX512, AVX512), "avx512"),
        (cpuinfo(AVX512, AVX2), "avx2"),
        (cpuinfo(AVX512.replace(" avx512vl", "")), "avx2"),
        (cpuinfo(AVX512.replace(" fma", "")), None),
        (cpuinfo("fpu sse2 avx"), None),
        ("processor\t: 0\nFeatures\t: fp asimd\n", None),  # of another kind
        ("", None),
    ],
)
def test_only_what_all_processors_can_do(text: str, expected: str | None) -> None:
    assert _for_flags(text) == ({"ATEN_CPU_CAPABILITY": expected} if expected else {})
