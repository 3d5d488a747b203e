"""Link to the places in a course's book where an exercise is taught."""

from __future__ import annotations

import re
import unicodedata

from utils.checks.places import Place


def in_book(address: str, place: Place) -> str:
    """Return the address of a section in a book that is online.

    Parameters
    ----------
    address : str
        Where the book is, as course.toml says it: ``"https://example.org/course"``.
    place : Place
    """
    return f"{address.rstrip('/')}/{place.notebook.removesuffix('.ipynb')}.html#{section_id(place.section)}"


def section_id(heading: str) -> str:
    """Return the id that Sphinx gives to a section: ``"the-tied-autoencoder"`` for ``"2. The tied autoencoder"``."""
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).lstrip("-0123456789").rstrip("-")
