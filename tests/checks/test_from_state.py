"""What is wrong with a step beside the state that it was computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from utils.checks.case import Case, Trait
from utils.checks.compare import Array, Equal
from utils.checks.diagnose.case_result import CaseResult
from utils.checks.diagnose.from_state import beside_state
from utils.checks.diagnose.wrong_outputs import WrongAnswer
from utils.checks.program import Answer, Ran

RNG = np.random.default_rng(0)
INPUTS: Mapping[str, object] = {
    "w": RNG.standard_normal(8),
    "dw": RNG.standard_normal(8),
    "settings": {"a": RNG.uniform(1, 2, 8), "decay": 0.9},
}


def step(w: Array, dw: Array, decay: float, a: Array, sign: float = -1.0, root: float = 0.5) -> dict[str, object]:
    a = decay * a + (1 - decay) * dw * dw
    return {"next_w": w + sign * 0.1 * dw / a**root, "a": a}


def reference(program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
    return Ran(step(inputs["w"], inputs["dw"], **inputs["settings"]))


def said_of(traits: set[Trait] | None = None, path: str = "next_w", **changes: float) -> str:
    """What is said of a step that is computed from a wrong running mean, and may be wrong itself."""
    case = Case("plain", "", dict(INPUTS), {"next_w": Equal(), "a": Equal()}, traits=traits or set())
    right = step(INPUTS["w"], INPUTS["dw"], **INPUTS["settings"])
    settings = {**INPUTS["settings"], **changes}
    got = step(INPUTS["w"], INPUTS["dw"], **settings)
    result = CaseResult(case, right, Ran(got))
    return beside_state([WrongAnswer(result, one) for one in result.faults() if one.path == path], reference)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decay": 0.5}, "it follows rightly from a, which is wrong: correct that first"),
        (
            {"decay": 0.5, "sign": 1.0},
            "it is not what the right formula gives with your a, beside which the step from w has the opposite sign",
        ),
        ({"decay": 0.5, "root": 1.0}, "it is not what the right formula gives with your a, which is wrong, too"),
        ({"sign": 1.0}, ""),  # the state is right
    ],
)
def test_what_is_wrong_beside_a_wrong_state_is_told_from_what_follows(changes: dict[str, float], words: str) -> None:
    assert said_of(**changes) == words


def answers_of(changes: Mapping[str, float]) -> list[WrongAnswer]:
    case = Case("plain", "", dict(INPUTS), {"next_w": Equal(), "a": Equal()})
    right = step(INPUTS["w"], INPUTS["dw"], **INPUTS["settings"])
    result = CaseResult(case, right, Ran(step(INPUTS["w"], INPUTS["dw"], **{**INPUTS["settings"], **changes})))
    return [WrongAnswer(result, one) for one in result.faults() if one.path == "next_w"]


def test_a_step_that_is_wrong_beside_a_right_state_does_not_follow_from_it() -> None:
    answers = [*answers_of({"decay": 0.5}), *answers_of({"sign": 1.0})]
    assert beside_state(answers[:1], reference)
    assert beside_state(answers, reference) == ""


def test_a_first_step_that_has_no_state_yet_says_nothing_against_it() -> None:
    """The state is no input there, but it is an output, and wrong."""
    (wrong,) = [one for one in answers_of({"decay": 0.5}) if one.fault.path == "next_w"]
    first = {"w": INPUTS["w"], "dw": INPUTS["dw"]}
    case = replace(wrong.result.case, inputs=first)
    assert beside_state([wrong, WrongAnswer(replace(wrong.result, case=case), wrong.fault)], reference)


def test_nothing_is_said_of_the_state_itself_and_after_several_steps() -> None:
    assert said_of(path="a", decay=0.5) == ""
    assert said_of(traits={Trait.SEVERAL_STEPS}, decay=0.5) == ""
