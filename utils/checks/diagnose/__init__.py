"""Diagnose an exercise: from what the code under test gave in each case to a judgement with findings.

`judge` is the way in. `case_result` holds what is known of one case. `evidence` compares known misconceptions with what
came, and `misconceptions`, `misconception_pairs` and `misconception_effects` recognise one, two, or one with a sign or
a factor beside it; `refutation` leaves out those that the rest of the answer contradicts; `crash_kind` compares
crashes. What none of them explains is worded by `unexplained` from `clauses`: with the detectors of `describe`, in each
mode (`by_mode`), the factors of `combination`, what follows from a wrong state (`from_state`), the reruns of `probes`
(`dependence` with `beside_unused`, `mixing`, `scaling`), of `simpler_inputs` and of `tried_settings`, and what
`other_outputs` tell. Where all that says nothing, `last_right` compares the values inside of the function.
`crashes` and `old_python` explain exceptions, `endless` loops without an end. `changes` runs the code under test with
small changes, one of which may make it right; `mended` says what shows behind a crash. `derivative` and
`follow_through` tell a wrong gradient from the right gradient of a wrong forward pass, `wrong_forward` what a backward
function gives behind a wrong forward function. `points` divides the points
among outputs, core and traits; `findings` puts all of it together.
"""

from .answer_cache import AnswerCache
from .case_result import CaseResult
from .changes import Search, Source
from .endless import endless_loop
from .findings import IN_PLACE
from .follow_through import Dependence, FollowThrough
from .judge import Judgement, answer_case, judge, with_fallback
from .points import CORE, CORE_SHARE, LARGE, SHAPE, Division, Loss, Score, has_right_numbers
from .wrong_forward import WrongForward

__all__ = [
    "CORE",
    "CORE_SHARE",
    "IN_PLACE",
    "LARGE",
    "SHAPE",
    "AnswerCache",
    "CaseResult",
    "Dependence",
    "Division",
    "FollowThrough",
    "Judgement",
    "Loss",
    "Score",
    "Search",
    "Source",
    "WrongForward",
    "answer_case",
    "endless_loop",
    "has_right_numbers",
    "judge",
    "with_fallback",
]
