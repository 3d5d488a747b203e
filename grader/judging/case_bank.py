"""Draw the hidden cases of each student from a bank, so that answers to a case are computed once for a whole class.

Each case of an exercise has several *forms*: the same situation with other sizes and numbers, drawn from the course's
secret. For each case of each exercise, a keyed digest of the student's name picks the form. So a student always gets
the same cases, grades can be reproduced, and nobody without the secret can compute the cases, or who has which form.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from ..errors import CourseError
from ..recipes import recipe
from ..reference import Reference
from ..sandbox.kept_inputs import KeptInputs
from .kept_answers import kept_answers
from .known_answers import KnownAnswers, versions_of
from .trial import Trial

FORMS: Final = 8
"""Forms of each case. They are picked case by case, so two students share all of an exercise's six cases with a
probability of 8⁻⁶, one in 262,144."""

ATTEMPTS: Final = 5
"""How often a form is drawn before the course is called wrong."""


class CaseBank:
    """The hidden cases of one exercise in all their forms, with the answers to them that are known so far.

    Parameters
    ----------
    reference : Reference
    exercise : str
        The exercise's name.
    secret : bytes
        The course's secret; see `grader.judging.secret`.
    """

    def __init__(self, reference: Reference, exercise: str, secret: bytes) -> None:
        self._recipe = recipe(reference, exercise)
        self._versions = versions_of(reference, exercise)
        self._kept = kept_answers(reference)
        self._secret = secret
        self._forms: dict[int, list[KnownAnswers]] = {}
        self._large: KnownAnswers | None = None

    def trial(self, student: str) -> Trial:
        """Return the trial of a student, whose name may hold surrogates, as Python has them in names of folders."""
        digest = self._digest(f"student\0{student}")
        number = len(self._form(0))
        # Each byte picks one form; the digest is made longer where an exercise has more cases than it has bytes.
        picks = b"".join(hmac.digest(digest, bytes([block]), "sha256") for block in range(-(-number // 32)))
        known = [self._form(pick % FORMS)[index] for index, pick in zip(range(number), picks, strict=False)]
        return Trial(self._versions, known, self._large_case)

    def draw_all(self) -> None:
        """Draw the cases in all forms, except the large case."""
        for number in range(FORMS):
            self._form(number)

    def _form(self, number: int) -> list[KnownAnswers]:
        """Return all cases in one form; they are drawn when they are first needed."""
        if number not in self._forms:
            form = self._drawn(number)
            if self._forms and len(form) != len(self._forms[0]):
                raise CourseError(
                    f'The recipe of "{self._recipe.name}" draws {len(self._forms[0])} cases, or {len(form)}, as it '
                    "happens; it should always draw the same situations, with other sizes and numbers."
                )
            self._forms[number] = form
        return self._forms[number]

    def _drawn(self, number: int) -> list[KnownAnswers]:
        """Draw a form; one in which the reference itself would be wrong, by an unlucky draw, is drawn again."""
        for attempt in range(ATTEMPTS):
            rng = self._generator(f"form\0{number}\0{attempt}")
            cases = [replace(case, inputs=KeptInputs(case.inputs)) for case in self._recipe.draw(rng)]
            form = [KnownAnswers(case, self._versions, self._kept) for case in cases]
            wrong = [one.case.title for one in form if one.right_is_wrong]
            if not wrong:
                return form
        raise CourseError(
            f'The reference fails its own check "{self._recipe.name}" ({wrong[0]}) in {ATTEMPTS} draws one after the '
            "other; its recipe should draw cases in which a right answer is right."
        )

    def _large_case(self) -> KnownAnswers | None:
        """Return the large case, which has one form only because it holds many numbers."""
        if self._large is None and self._recipe.large:
            case = self._recipe.large(self._generator("large"))
            self._large = KnownAnswers(replace(case, inputs=KeptInputs(case.inputs)), self._versions)
        return self._large

    def _generator(self, what: str) -> np.random.Generator:
        return np.random.default_rng(int.from_bytes(self._digest(what)))

    def _digest(self, what: str) -> bytes:
        text = f"{what}\0{self._recipe.name}".encode(errors="surrogatepass")
        return hmac.digest(self._secret, text, hashlib.sha256)


@lru_cache(maxsize=256)
def case_bank(reference: Reference, exercise: str, secret: bytes) -> CaseBank:
    """Return the bank of an exercise; it is made once in the life of a process."""
    return CaseBank(reference, exercise, secret)
