"""List the attempts in Gradescope's export of an assignment's submissions.

Each submission has a folder. The file ``submission_metadata.yml`` beside the folders says whose each is and when it was
handed in. Ruby writes it, with keys such as ``:submitters``. Students who work together have one submission.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from ..errors import UnusableInput
from ..submission.tree import Tree, Unreadable
from .attempts import Attempt, Person
from .times import parsed

METADATA: Final = "submission_metadata.yml"
_LARGEST: Final = 64 << 20


def recognises(names: Sequence[str]) -> bool:
    """Whether one of these files is the one that Gradescope writes."""
    return METADATA in names


def attempts(tree: Tree, names: Sequence[str], assignment: str) -> list[Attempt]:
    """List the attempts in an export.

    Raises
    ------
    UnusableInput
        When the file about the submissions cannot be read.
    """
    files: dict[str, dict[str, str]] = {}
    for name in names:
        folder, _, below = name.partition("/")
        if below:
            files.setdefault(folder, {})[below] = name
    known = _metadata(tree)
    return [_attempt(folder, known.get(folder), files[folder]) for folder in files]


def _attempt(folder: str, about: object, files: Mapping[str, str]) -> Attempt:
    """Make an attempt of a folder; `about` is what the metadata say, which may be anything."""
    fields = about if isinstance(about, dict) else {}
    submitters = fields.get(":submitters")
    people = tuple(
        Person(name=_text(each, ":name"), email=_text(each, ":email"), sid=_text(each, ":sid"))
        for each in (submitters if isinstance(submitters, list) else ())
        if isinstance(each, dict)
    )
    order = int(folder.rpartition("_")[2]) if folder.rpartition("_")[2].isdecimal() else 0
    return Attempt(people or (Person(name=folder),), files, _time(fields.get(":created_at")), order=order, label=folder)


def _text(fields: Mapping[Any, Any], key: str) -> str:
    value = fields.get(key)
    return str(value) if isinstance(value, str | int) else ""


def _time(value: object) -> datetime | None:
    if isinstance(value, datetime):  # PyYAML gives a time in UTC without saying so where the file has a "Z"
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return parsed(value, None) if isinstance(value, str) else None


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]  # chosen at run time
    """Reads plain values. What is tagged as an object of Ruby's is read as the mapping, list or text that it is."""


def _plain(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _plain)


def _metadata(tree: Tree) -> dict[Any, Any]:
    try:
        text = tree.read(METADATA, _LARGEST)
        found = yaml.load(text, _Loader)
    except Unreadable as error:
        raise UnusableInput(f"{METADATA} {error}; download the export again.") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, AttributeError) as error:
        kind = type(error).__name__
        raise UnusableInput(f"{METADATA} cannot be read ({kind}); download the export again.") from None
    if not isinstance(found, dict):
        raise UnusableInput(f"{METADATA} names no submissions; download the export again.")
    return found
