"""Hidden cases differ from student to student, repeat for one, and are computed once for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from grader.errors import CourseError
from grader.judging import case_bank as banks
from grader.judging.case_bank import FORMS, CaseBank
from grader.judging.known_answers import KnownAnswers
from grader.recipes import Recipe, recipe
from grader.reference import Reference
from grader.sandbox.kept_inputs import KeptInputs
from utils.checks.case import Case
from utils.checks.program import Ran

NAME, SECRET = "layers.affine_forward", b"a secret of this test"


def forms_of(bank: CaseBank, student: str) -> tuple[int, ...]:
    """The addresses of a student's cases, which are shared with whoever has the same form."""
    return tuple(id(case) for case in bank.trial(student).cases)


def test_students_share_single_cases_but_hardly_ever_all(reference: Reference) -> None:
    bank = CaseBank(reference, NAME, SECRET)
    class_of_500 = [forms_of(bank, f"student {number}") for number in range(500)]
    assert len(set(class_of_500)) >= 495
    assert len({case for cases in class_of_500 for case in cases}) == FORMS * len(class_of_500[0])
    for position in zip(*class_of_500, strict=True):
        assert len(set(position)) == FORMS


def test_every_answer_to_a_form_is_computed_once(reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    bank = CaseBank(reference, NAME, SECRET)
    answer = bank._versions.answer
    monkeypatch.setattr(bank._versions, "answer", lambda case, module: runs.append(case.title) or answer(case, module))
    for number in range(60):
        trial = bank.trial(f"student {number}")
        for index in range(len(trial.cases)):
            trial.expected(index)
    assert len(runs) == FORMS * len(trial.cases)


def test_the_inputs_of_a_form_are_packed_once_for_all_students(reference: Reference) -> None:
    bank = CaseBank(reference, NAME, SECRET)
    inputs = [case.inputs for number in range(60) for case in bank.trial(f"student {number}").cases]
    assert all(isinstance(each, KeptInputs) for each in inputs)
    number = len(bank.trial("student 0").cases)
    assert len({id(each.packed) for each in inputs if isinstance(each, KeptInputs)}) == FORMS * number


def test_a_student_whose_name_is_not_utf_8_has_cases(reference: Reference) -> None:
    assert CaseBank(reference, NAME, SECRET).trial("\udcff").cases


def changed(monkeypatch: pytest.MonkeyPatch, reference: Reference, draw: object) -> CaseBank:
    found: Recipe = replace(recipe(reference, NAME), draw=draw)
    monkeypatch.setattr(banks, "recipe", lambda *_: found)
    return CaseBank(reference, NAME, SECRET)


def test_a_recipe_that_draws_other_situations_is_refused(reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = recipe(reference, NAME).draw

    def fewer(rng: np.random.Generator) -> Iterator[Case]:
        cases = list(draw(rng))
        yield from cases[: len(cases) - int(rng.integers(2))]

    bank = changed(monkeypatch, reference, fewer)
    students = [f"student {number}" for number in range(50)]
    with pytest.raises(CourseError, match="always draw the same situations"):
        list(map(bank.trial, students))


@pytest.mark.parametrize("unlucky", [0.4, 1.0])
def test_a_form_in_which_the_reference_would_be_wrong_is_drawn_again(
    reference: Reference, monkeypatch: pytest.MonkeyPatch, unlucky: float
) -> None:
    chance = np.random.default_rng(0)
    wrong: list[bool] = []

    def right_is_wrong(known: KnownAnswers) -> bool:
        assert isinstance(known.right, Ran)
        wrong.append(bool(chance.random() < unlucky / 4))
        return wrong[-1] or unlucky == 1

    monkeypatch.setattr(KnownAnswers, "right_is_wrong", property(right_is_wrong))
    bank = CaseBank(reference, NAME, SECRET)
    if unlucky == 1:
        with pytest.raises(CourseError, match="should draw cases in which a right answer is right"):
            bank.trial("ana")
        return
    for number in range(60):
        bank.trial(f"student {number}")
    assert any(wrong)
    assert all(len(form) == len(bank._form(0)) for form in bank._forms.values())
