"""Explain a crash in the terms of its exercise: which operand, index or name cannot be, and what it should be."""

from .explain import explain_crash
from .python_messages import explain_syntax
from .refusals import without_advice

__all__ = ["explain_crash", "explain_syntax", "without_advice"]
