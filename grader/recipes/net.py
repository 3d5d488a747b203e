"""Define the recipes of trained nets: which examples a net that is handed in is tested on, and how it is run.

A course writes them in ``solutions/exercises/models``, in a tuple ``RECIPES`` like all other recipes.
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
    """The part of a recipe that all trained nets have.

    Attributes
    ----------
    name : str
        The exercise's name in course.toml: ``"models.best"``.
    unseen : callable
        ``unseen(dataset, key)`` returns examples that no student has, shape (N, ...), and their labels, shape (N,).
        `dataset` is the name of the data set that the net was trained on, as its file says. `key` (bytes) determines
        which examples are drawn, if they can be drawn. It raises DataError if the course has no such data set, and
        CourseError if the grader has no copy of it.
    dataset : str
        The name of a data set that `unseen` always has. The self-test runs an untrained net on it.
    visible : str
        The full name of the function of the given code with which the student's own check runs the net; see
        `utils.checks.models`.
    """

    name: str
    unseen: Callable[[str, bytes], tuple[Array, Array]]
    dataset: str
    visible: str

    @property
    def module(self) -> str:
        """The folder of ``solutions/exercises`` that the recipe belongs in."""
        return self.name.split(".", 1)[0]


@dataclass(frozen=True, kw_only=True)
class GivenNet(TrainedNet):
    """The recipe of a net of the course's design, of which only the weights are handed in.

    Attributes
    ----------
    shapes : mapping of str to tuple of int
        Name of each weight array → its shape.
    predict : callable
        ``predict(reference, weights, X)`` returns a label for each example, shape (N,), by the reference's forward
        pass.
    """

    shapes: Mapping[str, tuple[int, ...]]
    predict: Callable[[Reference, Mapping[str, Array], Array], Array]


@dataclass(frozen=True, kw_only=True)
class OwnNet(TrainedNet):
    """The recipe of a net of the student's own design, handed in as a constructor and weights in safetensors format.

    Attributes
    ----------
    classes : int
        The number of classes.
    program : str
        The program that runs the net in the sandbox. ``{constructor}`` in it is replaced by the name of the function
        that builds the net. It starts with the variables ``weights`` (uint8, the bytes of the file) and ``inputs``
        (float32, shape (N, ...)), and has to set ``scores``, shape (N, classes).
    untrained : callable
        ``untrained(constructor)`` returns the bytes of the file of an untrained net.
    functions : tuple of str, default ()
        The functions of ``utils`` that the program uses: ``"torch_nets.restored"``.
    packages : tuple of str, default ()
        The installed packages that the program uses.
    """

    classes: int
    program: str
    untrained: Callable[[Callable[[], Any]], bytes]
    functions: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
