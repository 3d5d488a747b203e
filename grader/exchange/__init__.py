"""What other programs read: reports as JSON."""

from .json_report import report_json

__all__ = ["report_json"]
