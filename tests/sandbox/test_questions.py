"""Which questions are answered, what is kept in the grader's process, and which questions are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from answering import Here

from grader.sandbox import Limits, Opaque, Worker
from grader.sandbox.inside.wire import Answer, Ask, Refused
from grader.sandbox.questions import Asked, Questions
from grader.sandbox.unconfined import Unconfined
from utils.checks.program import Ran
from utils.checks.values import parts


class Cache(NamedTuple):
    """As the compiled layers keep one."""

    x: np.ndarray


def layer(module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """A forward that writes to its settings and keeps its input, and a backward that wants just that."""
    if function == "backward":
        assert isinstance(args[0], tuple)
        assert isinstance(args[0][0], Cache)
        return args[0][0].x
    settings = args[1] if len(args) > 1 else kwargs["settings"]
    assert isinstance(settings, dict)
    settings["seen"] = settings.get("seen", 0) + 1
    return 2 * np.asarray(args[0]), (Cache(np.asarray(args[0])), "label")


def questions(limits: Limits = Limits()) -> Callable[..., tuple[object, object]]:  # noqa: B008 (frozen)
    handler, asked = Questions({"layers": ("forward", "backward")}, layer, limits), Asked(0, 0)

    def reply(function: str, *args: object) -> tuple[object, object]:
        nonlocal asked
        size = sum(part.nbytes for part in parts(args) if isinstance(part, np.ndarray))
        asked = Asked(asked.number + 1, asked.size + size)
        return handler.reply(Ask("layers", function), (args, {}), asked)

    return reply


def run(source: str, program: str, fetch: tuple[str, ...]) -> object:
    proxies = {"layers": ("forward", "backward")}
    with Worker(
        Unconfined(), {"net": f"from .layers import *\n{source}"}, "net", proxies, Here(layer, proxies)
    ) as worker:
        return worker.run(program, {"x": np.arange(3.0)}, fetch)


@pytest.mark.parametrize("call", ["forward(x, settings)", "forward(x, settings=settings)"])
def test_settings_that_a_layer_changes_reach_the_worker(call: str) -> None:
    source = f"def f(x, settings):\n    {call}\n    {call}"
    assert run(source, "settings = {}\nnet.f(x, settings)", ("settings",)) == Ran({"settings": {"seen": 2}})


def test_a_cache_that_is_not_plain_stays_here_and_is_used_by_its_name() -> None:
    source = "def f(x):\n    cache = forward(x, {})[1]\n    return cache[1], backward(cache)"
    outcome = run(source, "label, back = net.f(x)", ("label", "back"))
    assert isinstance(outcome, Ran)
    assert outcome.values["label"] == "label"
    np.testing.assert_array_equal(outcome.values["back"], np.arange(3.0))


def test_only_the_name_of_a_kept_object_is_sent() -> None:
    reply = questions()
    _, value = reply("forward", np.ones(3), {})
    assert value[0][1] == (Opaque("Cache 1"), "label")
    message, _ = reply("backward", (Opaque("Cache 2"), "label"))
    assert isinstance(message, Refused)
    assert "Cache 2" in message.message


def test_kept_objects_count_towards_the_limit_on_questions() -> None:
    reply = questions(Limits(asked=3000))
    assert isinstance(reply("forward", np.ones(100), {})[0], Answer)
    assert isinstance(reply("forward", np.ones(100), {})[0], Answer)
    assert isinstance(reply("forward", np.ones(100), {})[0], Refused)


@pytest.mark.parametrize("pad", [2**20, np.int64(2**20), np.array(2**20)])
def test_a_pad_that_makes_a_huge_image_of_a_pixel_is_refused(pad: object) -> None:
    pixel = np.ones((1, 1, 1, 1))
    assert isinstance(questions()("forward", pixel, {"pad": 1})[0], Answer)
    assert isinstance(questions()("forward", pixel, {"pad": pad})[0], Refused)
    assert isinstance(questions()("forward", pixel, {}, (pixel, {"pad": pad}))[0], Refused)


def test_a_convolution_that_would_take_for_ever_is_refused() -> None:
    """Small enough by every other measure."""
    images, filters = np.ones((2000, 1, 40, 10)), np.ones((4000, 1, 1, 1))
    assert isinstance(questions()("forward", images, {})[0], Answer)
    assert isinstance(questions()("forward", images, {}, filters)[0], Refused)


def test_a_pad_that_is_not_a_number_is_passed_on_to_the_layer() -> None:
    assert isinstance(questions()("forward", np.ones((1, 1, 2, 3)), {"pad": "two"})[0], Answer)


def test_an_answer_that_draws_depends_on_what_was_drawn_before() -> None:
    """A normal number is drawn with a second one, so the next draw may change nothing but whether there is one left."""
    draws = {"normal": lambda: np.random.normal(), "uniform": lambda: np.random.rand(), "nothing": lambda: 0.0}

    def answer(module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        if function == "fails":
            np.random.normal()
            raise ValueError("after a draw")
        return draws[function]()

    def alone(*functions: str) -> list[bool]:
        handler = Questions({"layers": (*draws, "fails")}, answer, Limits())
        np.random.seed(0)
        found = []
        for number, function in enumerate(functions, 1):
            handler.reply(Ask("layers", function), ((), {}), Asked(number, 0))
            found.append(handler.alone)
        return found

    assert alone("nothing", "normal", "normal", "nothing") == [True, False, False, True]
    assert alone("uniform", "normal", "nothing", "normal") == [False, False, True, False]
    assert alone("fails", "nothing", "normal", "nothing") == [False, True, False, True]
