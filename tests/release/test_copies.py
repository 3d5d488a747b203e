"""Given code that is an answer in other words is found; what only looks like one is accepted with a reason."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from grader.course import Course
from grader.reference import Reference
from grader.release.edition import given_files
from grader.release.gate import CLAUSES
from grader.release.gate.copies import accepted_pairs, near_copies
from grader.release.gate.released import Released

ADAM = """
    def update(self, params, grads):
        self.steps += 1
        for name, dw in grads.items():
            m = self.first[name] = 0.9 * self.first.get(name, 0.0) + 0.1 * dw
            v = self.second[name] = 0.999 * self.second.get(name, 0.0) + 0.001 * dw * dw
            rate = self.learning_rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
            params[name] = (params[name] - rate * m / (np.sqrt(v) + 1e-8)).astype(params[name].dtype)
"""
LAYER = """
    def tanh_forward(net, layer, x):
        out, fc_cache = beside(net, "affine_forward")(x, net.params[f"W{layer}"], net.params[f"b{layer}"])
        norm_cache = None
        if net.normalization:
            scale, shift = net.params[f"gamma{layer}"], net.params[f"beta{layer}"]
            forward = beside(net, "normalization_forward")
            out, norm_cache = forward(out, scale, shift, net.norm_params[layer], net.normalization)
        out = np.tanh(out)
        if net.dropout:
            out, mask = dropped(out, net.dropout_params[layer])
        return out, (fc_cache, norm_cache, out)
"""
WINDOWS = """
    def slide(image, kernels, offsets, step, border):
        grown = np.pad(image, ((0, 0), (0, 0), (border, border), (border, border)))
        for a, b, row, column in np.ndindex(*answer.shape):
            upper, first = row * step, column * step
            part = grown[a, :, upper : upper + high, first : first + wide]
            answer[a, b, row, column] = (part * kernels[b]).sum() + offsets[b]
        return answer
"""


def found(course: Course, reference: Reference, text: str, path: str = "utils/own.py") -> str:
    tree = {path: textwrap.dedent(text).encode()}
    return " ".join(str(leak) for leak in near_copies(Released(tree, course, reference)))


@pytest.mark.parametrize(
    ("text", "exercises"),
    [
        (ADAM, ["optim.rmsprop", "optim.adam"]),
        (LAYER, ["fc_net.FullyConnectedNet.hidden_forward"]),
        (WINDOWS, ["conv_layers.conv_forward_naive"]),
    ],
)
def test_an_answer_with_other_names_is_found(
    course: Course, reference: Reference, text: str, exercises: list[str]
) -> None:
    said = found(course, reference, text)
    assert all(f"the solution of {exercise}" in said for exercise in exercises)


def test_a_solution_of_three_lines_or_more_is_found_in_itself(course: Course, reference: Reference) -> None:
    """With names of its own; what is shorter, as momentum is, is left to `surviving_lines`."""
    source = reference.source("optim").replace("config", "state").replace("dw", "slope").replace("def ", "def own_")
    said = found(course, reference, source)
    for exercise in ("sgd_nesterov_momentum", "rmsprop", "adam"):
        assert f"the solution of optim.{exercise}" in said


def test_the_gate_looks_for_them() -> None:
    """So the edition holds none: what all clauses find in it is looked at in test_gate.py."""
    assert near_copies in CLAUSES


def test_an_accepted_pair_is_needed(course: Course, reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair whose code has changed is to be taken off the list."""
    accepted = accepted_pairs(reference)
    monkeypatch.setattr("grader.release.gate.copies.accepted_pairs", lambda _: frozenset())
    files = {function.partition(":")[0] for function, _ in accepted}
    given = {path: data for path, data in given_files(course).items() if path in files}
    said = " ".join(str(leak) for leak in near_copies(Released(given, course, reference)))
    for function, exercise in accepted:
        path, _, name = function.partition(":")
        assert path in said
        assert f"{name} is much like the solution of {exercise} " in said


def test_layers_in_numpy_are_not_given(course: Course) -> None:
    """They compute what hw5 asks for, in another way than the solution: no likeness tells."""
    assert all((course.root / path).is_file() for path in course.edition.withhold)
    assert course.edition.withhold
    assert not set(course.edition.withhold) & given_files(course).keys()
    assert Path("utils/_fast_layers_torch.py").as_posix() in given_files(course)
