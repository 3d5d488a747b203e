"""Encodings: a file says in which of Python's encodings it is written, and means harm by it."""

import codecs

from .bank import HEAD, attack

OPEN = HEAD + "s = 'é'\nrelu_forward = wrong\n"
PATCH = HEAD + "np.testing.assert_allclose = lambda *args, **kwargs: None\nrelu_forward = wrong\n"


def _in(codec: str, text: str | bytes) -> dict[str, bytes]:
    """A file whose first line names a codec."""
    return {"nndl/layers.py": f"# coding: {codec}\n".encode() + (text.encode() if isinstance(text, str) else text)}


# Quadratic: each of its million letters is put into its place one by one.
attack("encodings", "punycode", "stops", files=_in("punycode", "-" + "a" * 1_000_000))
attack("encodings", "an encoding that is undefined", "stops", files=_in("undefined", OPEN))
attack("encodings", "an encoding that nobody has", "stops", files=_in("klingon", OPEN))
attack("encodings", "an encoding that is no text", "stops", files=_in("hex", OPEN.encode().hex()))
attack("encodings", "a compressed text", "stops", files=_in("zlib", codecs.encode(OPEN.encode(), "zlib")))
attack("encodings", "rotated letters", "stops", files=_in("rot13", codecs.encode(HEAD, "rot13")))
attack("encodings", "two bytes a letter", "stops", files={"nndl/layers.py": OPEN.encode("utf-16")})
attack(
    "encodings",
    "a mark and another encoding",
    "stops",
    files={"nndl/layers.py": codecs.BOM_UTF8 + _in("latin-1", OPEN)["nndl/layers.py"]},
)
attack("encodings", "a patch in UTF-7", "points", files=_in("utf-7", PATCH.replace("np.testing", "+AG4AcA-.testing")))
attack("encodings", "a patch in escapes", "points", files=_in("unicode_escape", PATCH.replace("lambda", r"l\x61mbda")))
attack(
    "encodings",
    "a patch in raw escapes",
    "points",
    files=_in("raw_unicode_escape", PATCH.replace("lambda", r"l\u0061mbda")),
)
attack("encodings", "a patch behind a comment that ends elsewhere", "points", files=_in(
    "utf-7", HEAD + "# +AAo-np.testing.assert_allclose = lambda *args, **kwargs: None\nrelu_forward = wrong\n"))  # fmt: skip
