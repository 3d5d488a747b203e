"""Prove that the checks notice wrong answers: change the reference in many small ways, and check each changed version.

A changed version is called a mutant. `operators` makes the mutants of an exercise, `proof` runs them through the hidden
and the visible cases, `equivalents` reads which mutants are right answers, and `report` writes docs/mutation.md.
"""

from .equivalents import Equivalents
from .operators import Mutant, mutants
from .proof import Outcome, prove, solved
from .report import PAGE, report

__all__ = ["PAGE", "Equivalents", "Mutant", "Outcome", "mutants", "prove", "report", "solved"]
