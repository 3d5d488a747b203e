"""Explain the gradients of a backward function behind a forward function that is wrong as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..program import Run
from .case_result import CaseResult


@dataclass(frozen=True)
class WrongForward:
    """A forward function that is wrong wherever the backward function behind it is.

    Attributes
    ----------
    name : str
        The forward function: ``"batchnorm_forward"``.
    backward : str
        The function under test: ``"batchnorm_backward"``.
    right : tuple of str, default ()
        The wrong outputs that are what the right backward function gives behind this forward function; none where the
        forward function's mistake is not known.
    results : tuple of CaseResult, default ()
        All cases, compared with what that right backward function gives; empty where its mistake is not known, or where
        it explains everything.
    reference : callable, optional
        Runs that right backward function, behind the reference with the forward function's mistake.
    """

    name: str
    backward: str
    right: tuple[str, ...] = ()
    results: tuple[CaseResult, ...] = ()
    reference: Run | None = None

    def explained(self, paths: Sequence[str]) -> str:
        """Say of outputs that the forward function's mistake alone makes them wrong."""
        verb = "it is" if len(paths) == 1 else "they are"
        return f"{verb} what a right {self.backward} gives after your {self.name}, which is wrong: correct that first"

    @property
    def first(self) -> str:
        """Ask for the forward function to be corrected first, where its mistake is not known."""
        return f"{self.name}, on whose cache it works, is wrong in the same cases: correct that first"

    @property
    def beside(self) -> str:
        """Say with what numbers are compared."""
        return f"What is expected here belongs to your {self.name}, which is wrong, too."
