"""What a course states about a trained net that is handed in: what it is measured on, and how it is run.

The nets stand in ``solutions/exercises/models``, in the same ``RECIPES`` as all other recipes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from utils.checks.compare import Array

if TYPE_CHECKING:
    from ..reference import Reference


@dataclass(frozen=True, kw_only=True)
class TrainedNet:
    """What is the same for all trained nets.

    Attributes
    ----------
    name : str
        The exercise, as in course.toml: ``"models.best"``.
    unseen : callable
        ``unseen(dataset, key)`` gives examples that no student has, (N, ...), and their labels, (N,).
        Here `dataset` is what the file says the net was trained on, and the bytes `key` say which examples, where they
        can be drawn. Raises DataError where the course has no such data set, and CourseError where the grader has no
        copy of it.
    dataset : str
        A data set that `unseen` always has: on it the grader tries itself, with a net that nobody has trained.
    visible : str
        The full name of a function of the given code that the student's own check runs the net with; see
        `utils.checks.models`.
    """

    name: str
    unseen: Callable[[str, bytes], tuple[Array, Array]]
    dataset: str
    visible: str

    @property
    def module(self) -> str:
        """The folder of ``solutions/exercises`` that it belongs into."""
        return self.name.split(".", 1)[0]


@dataclass(frozen=True, kw_only=True)
class GivenNet(TrainedNet):
    """A net of the course's design: nothing but its weights is handed in.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        Its weights.
    predict : callable
        ``predict(reference, weights, X)`` gives a label for each example, by the reference's forward pass.
    """

    shapes: Mapping[str, tuple[int, ...]]
    predict: Callable[[Reference, Mapping[str, Array], Array], Array]


@dataclass(frozen=True, kw_only=True)
class OwnNet(TrainedNet):
    """A net of the student's own design: its constructor is handed in, and its weights as safetensors.

    Attributes
    ----------
    classes : int
        How many there are.
    program : str
        The lines that run in the sandbox. ``{constructor}`` stands for the function that builds the net, ``weights``
        (an array of bytes) and ``inputs`` are there, and ``scores`` (N, classes) has to be made.
    functions : tuple of str
        What the program needs of ``utils``: ``"torch_nets.restored"``.
    packages : tuple of str
        What it needs of what is installed.
    untrained : callable
        ``untrained(constructor)`` gives the file of a net that nobody has trained.
    """

    classes: int
    program: str
    untrained: Callable[[Callable[[], Any]], bytes]
    functions: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
