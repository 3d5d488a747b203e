"""A golden pack that another machine has written."""

from __future__ import annotations

import numpy as np
import pytest

from grader.reference import Reference
from grader.release import goldens
from utils.checks.pack import GoldenCase, Pack


@pytest.mark.parametrize("name", ["layer_utils.affine_batchnorm_relu_backward", "layers.layernorm_backward"])
def test_only_rounding_may_differ(reference: Reference, name: str) -> None:
    pack = goldens.build_pack(name, reference)

    def other(change: float) -> bytes:
        rng = np.random.default_rng(0)

        def moved(value: object) -> object:
            array = np.asarray(value)
            return array + change * np.finfo(array.dtype).eps * rng.standard_normal(array.shape).astype(array.dtype)

        cases = (
            GoldenCase(
                golden.case, {aspect: moved(value) for aspect, value in golden.expected.items()}, golden.misconceptions
            )
            for golden in pack.cases
        )
        return Pack(pack.exercise, pack.hints, tuple(cases), pack.requires).to_bytes()

    assert goldens.same(pack.to_bytes(), other(3))
    assert not goldens.same(pack.to_bytes(), other(1e12))
