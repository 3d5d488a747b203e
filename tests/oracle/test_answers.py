"""Questions to the reference, answered in a process of their own."""

from __future__ import annotations

import numpy as np
import pytest

from grader.course import Course
from grader.host import bounded_process
from grader.host.bounded_process import OutOfTime
from grader.judging.answers import Answers
from grader.reference import Reference
from grader.sandbox import Limits, Opaque
from grader.sandbox.inside.wire import Answer, Ask, Frame, Refused, WireError, load

PROXIES = {"layers": ("affine_forward", "batchnorm_forward", "dropout_forward"),
           "conv_layer_utils": ("conv_relu_pool_forward", "conv_relu_pool_backward")}  # fmt: skip


@pytest.fixture
def answers(course: Course) -> Answers:
    return Answers(course.root, course.package, PROXIES, Limits())


def ask(
    answers: Answers, program: int, module: str, function: str, *args: object, seconds: float = 60.0, **kwargs: object
):
    question = Frame.of(Ask(module, function), (args, kwargs))
    return load(*answers.ask(program, question, lambda: seconds))


@pytest.mark.parametrize("layout", ["C", "F", "S"])
def test_answers_are_those_of_the_reference_to_the_bit(answers: Answers, reference: Reference, layout: str) -> None:
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.standard_normal((7, 10)), rng.standard_normal(5), rng.standard_normal(5)
    x = {"C": x[:, :5].copy(), "F": np.asfortranarray(x[:, :5]), "S": x[:, ::2]}[layout]
    message, value = ask(answers, 1, "layers", "batchnorm_forward", x, gamma, beta, {"mode": "train", "eps": 0.1})
    settings: dict[str, object] = {"mode": "train", "eps": 0.1}
    want, _ = reference.module("layers").batchnorm_forward(x, gamma, beta, settings)
    (got, _), (returned,) = value
    assert message == Answer()
    assert got.tobytes() == want.tobytes()
    assert returned["running_var"].tobytes() == settings["running_var"].tobytes()


def _convolved(answers: Answers, program: int) -> object:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3, 6, 8)), rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4)
    settings = {"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, ((out, cache), _) = ask(answers, program, "conv_layer_utils", "conv_relu_pool_forward", x, w, b, *settings)
    assert out.shape == (2, 4, 3, 4)
    return cache


def test_what_is_kept_is_there_for_its_program_and_for_no_other(answers: Answers) -> None:
    cache = _convolved(answers, 1)
    assert any(isinstance(item, Opaque) for item in cache)
    dout = np.ones((2, 4, 3, 4))
    assert isinstance(ask(answers, 1, "conv_layer_utils", "conv_relu_pool_backward", dout, cache)[0], Answer)
    message, _ = ask(answers, 2, "conv_layer_utils", "conv_relu_pool_backward", dout, cache)
    assert isinstance(message, Refused)
    assert "ConvCache" in message.message


def test_what_a_layer_draws_does_not_depend_on_who_asked_before(answers: Answers) -> None:
    x = np.ones((4, 50))
    drawn = [
        ask(answers, program, "layers", "dropout_forward", x, {"mode": "train", "p": 0.5}) for program in (1, 2, 2)
    ]
    first, second, third = (value[0][0] for _, value in drawn)
    np.testing.assert_array_equal(first, second)
    assert (second != third).any()


def test_a_question_that_takes_too_long_is_ended_and_the_next_is_answered(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ones = np.ones((1400, 1400))
    with monkeypatch.context() as patched:
        # So that it is seen to work, however fast it is.
        patched.setattr(bounded_process, "_SECONDS_BETWEEN_CHECKS", 0.0)
        with pytest.raises(OutOfTime):
            ask(answers, 1, "layers", "affine_forward", ones, ones, ones[0], seconds=0.0)
    assert isinstance(ask(answers, 2, "layers", "affine_forward", ones[:3, :2], ones[:2, :4], ones[0, :4])[0], Answer)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((np.ones((3, 2), np.float16), np.ones((2, 4)), np.ones(4)), "TypeError"),
        ((np.ones((400, 400), np.int64), np.ones((400, 4)), np.ones(4)), "ValueError"),
        ((np.ones((400, 400), bool), np.ones((400, 4)), np.ones(4)), "ValueError"),
        ((None,), "TypeError"),
        (("x" * 10**6,) * 3, "AttributeError"),
    ],
    ids=["half floats", "integers", "bools", "nothing", "strings"],
)
def test_what_is_refused_says_why_in_few_words(answers: Answers, args: tuple[object, ...], error: str) -> None:
    message, _ = ask(answers, 1, "layers", "affine_forward", *args)
    assert isinstance(message, Refused)
    assert (message.error, len(message.message) <= 500) == (error, True)


def test_small_arrays_of_integers_are_answered(answers: Answers) -> None:
    args = (np.arange(6).reshape(3, 2), np.ones((2, 4), bool), np.ones(4))
    assert isinstance(ask(answers, 1, "layers", "affine_forward", *args)[0], Answer)


def test_there_are_only_so_many_questions_in_a_program(course: Course) -> None:
    answers = Answers(course.root, course.package, PROXIES, Limits(questions=3))
    args = np.ones((3, 2)), np.ones((2, 4)), np.ones(4)
    replies = [ask(answers, 901, "layers", "affine_forward", *args)[0] for _ in range(4)]
    assert [type(reply) for reply in replies] == [Answer] * 3 + [Refused]
    assert isinstance(ask(answers, 2, "layers", "affine_forward", *args)[0], Answer)


@pytest.mark.parametrize(
    "question", [Frame.of(Ask("layers", "secret"), ((), {})), Frame.of(Answer()), Frame(b"\xc1", b"")]
)
def test_a_forged_question_is_an_error_of_the_wire(answers: Answers, question: Frame) -> None:
    with pytest.raises(WireError):
        answers.ask(1, question, lambda: 60.0)


def test_a_plain_answer_is_known_whatever_was_asked_before(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    call = bounded_process.BoundedProcess.call
    monkeypatch.setattr(
        bounded_process.BoundedProcess, "call", lambda *args, **named: calls.append(args) or call(*args, **named)
    )
    # Numbers that no other test has asked about: what one thread knows, all its submissions share.
    x, w, b = np.full((5, 3), 0.123), np.ones((3, 4)), np.ones(4)
    draws = (np.full((4, 50), 0.123), {"mode": "train", "p": 0.5})
    first = ask(answers, 1, "layers", "affine_forward", x, w, b)
    assert len(calls) == 1
    drawn = ask(answers, 2, "layers", "dropout_forward", *draws)
    again = ask(answers, 2, "layers", "affine_forward", x, w, b)
    assert len(calls) == 2
    np.testing.assert_array_equal(again[1][0][0], first[1][0][0])
    # What is drawn depends on the draws before it in the same program, and on them alone.
    ask(answers, 3, "layers", "affine_forward", x, w, b)
    ask(answers, 3, "layers", "dropout_forward", *draws)
    second = ask(answers, 3, "layers", "dropout_forward", *draws)
    assert len(calls) == 4
    assert (second[1][0][0] != drawn[1][0][0]).any()


def test_known_answers_count_towards_the_limit_on_questions(course: Course) -> None:
    answers = Answers(course.root, course.package, PROXIES, Limits(questions=3))
    args = np.full((3, 2), 0.321), np.ones((2, 4)), np.ones(4)
    kinds = [
        [type(ask(answers, program, "layers", "affine_forward", *args)[0]) for _ in range(4)] for program in (1, 2)
    ]
    assert kinds == [[Answer] * 3 + [Refused]] * 2
