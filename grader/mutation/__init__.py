"""Proof that the checks see a wrong answer: the reference is spoilt in every small way, and each must be noticed.

`operators` spoils the text of a solution, `trials` runs what comes of it through the hidden and the visible checks,
`equivalents` reads from the course what is no mistake, with the reason, and `report` writes it all up.
"""

from .equivalents import Equivalents
from .operators import Mutant, mutants
from .proof import Outcome, prove, solved
from .report import PAGE, report

__all__ = ["PAGE", "Equivalents", "Mutant", "Outcome", "mutants", "prove", "report", "solved"]
