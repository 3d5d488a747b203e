"""Define the table ``[book]`` of course.toml: what stands in the course's book besides its notebooks."""

from __future__ import annotations

import msgspec


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the book that consists of pages in Markdown.

    Attributes
    ----------
    title : str
        What stands in the book's contents: ``"For students"``.
    pages : tuple of str
        Paths of Markdown files, relative to the course folder, in the order of the book.
    """

    title: str
    pages: tuple[str, ...]


class Modules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page list of the book's reference: modules whose docstrings are shown.

    Attributes
    ----------
    title : str
        What stands in the book's contents: ``"Given to students"``.
    modules : tuple of str
        Names of modules that can be imported where the book is made.
    """

    title: str
    modules: tuple[str, ...]


class BookTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[book]``.

    Attributes
    ----------
    part : tuple of Part, default ()
        The parts after the notebooks.
    reference : tuple of Modules, default: what every student's check offers
        The lists of the reference.
    figures : dict of str to str, default {}
        Name of a function or class → picture of what it shows, a path relative to the course folder. Where a notebook
        calls it, the book shows the picture. A page of the book has to show the picture, too, with words for those
        who cannot see it.
    address : str, default ""
        Where the book is online: ``"https://example.org/course"``. Feedback pages link to it. ``""`` means nowhere.
    files : str, default ""
        A folder, relative to the course folder, whose files are copied into the book's as they are: pages with
        programs of their own, for instance. ``""`` means none.
    """

    part: tuple[Part, ...] = ()
    reference: tuple[Modules, ...] = (Modules("Checks", ("utils.checks",)),)
    figures: dict[str, str] = {}
    address: str = ""
    files: str = ""
