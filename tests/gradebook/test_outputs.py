"""Do people who grade by hand see what a submitted notebook shows, and does nothing of it do harm or earn points?"""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from io import BytesIO

import nbformat
import pytest
from nbgrader.utils import determine_grade, is_grade
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from small_course import cell

from grader.gradebook.outputs import LABEL, OutputBudget, as_handed_in, reencoded
from grader.gradebook.restore import restore
from grader.submission.notebook import Output

WIDTH, HEIGHT = 40, 30
RELEASED = nbformat.v4.new_notebook(
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    cells=[cell("check(a)", "a", 3), cell("YOUR ANSWER HERE", "why", 4, written=True)],
)


def picture(kind="PNG", size=(WIDTH, HEIGHT), **options):
    image = Image.new("RGB", size, "navy")
    image.putpixel((3, 5), (255, 255, 255))
    made = BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def bomb(width, height):
    """A small PNG file that says it has this many pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(1 << 22), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def chunks(png):
    """The kinds of chunks of a PNG file."""
    place = 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8]
        place += length + 12


def base64_of(data):
    return base64.b64encode(data).decode()


def shown_in(*outputs, grade_id=None):
    """What is shown of a submitted code cell with these outputs."""
    metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    own = {"cell_type": "code", "source": "show()", "metadata": metadata, "outputs": list(outputs)}
    data = json.dumps({"cells": [own], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    restored = restore(data, RELEASED)
    nbformat.validate(restored)
    (node,) = (c for c in restored.cells if c.source == ("check(a)" if grade_id else "show()"))
    return node.outputs


def display(**data):
    return {"output_type": "display_data", "data": {key.replace("_", "/"): data[key] for key in data}, "metadata": {}}


def test_prints_errors_results_and_plots_are_shown_below_a_line_that_says_whose_they_are():
    shown = shown_in(
        {"output_type": "stream", "name": "stdout", "text": ["loss 2.3\n", "loss 1.1\n"]},
        {"output_type": "stream", "name": "stderr", "text": "\r 10 %\r 90 %\r100 %\n"},
        display(text_plain="<Figure size 640x480>", image_png=base64_of(picture())),
        {"output_type": "execute_result", "data": {"text/plain": "0.5"}, "metadata": {}, "execution_count": 3},
        {"output_type": "error", "ename": "ValueError", "evalue": "x", "traceback": ["\x1b[31mValueError\x1b[0m: x"]},
    )
    assert [node.output_type for node in shown] == ["display_data", "stream", "display_data", "stream"]
    assert shown[0].data["text/plain"] == LABEL
    assert shown[1].text == "loss 2.3\nloss 1.1\n100 %\n"
    assert shown[3].text == "0.5\nValueError: x"
    with Image.open(BytesIO(base64.b64decode(shown[2].data["image/png"]))) as image:
        assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
        assert image.getpixel((3, 5)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_no_byte_beside_the_pixels_of_a_picture_stays(kind):
    text = PngInfo()
    text.add_text("Title", "<script>alert(1)</script>")
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(2)</script>"
    more = {"pnginfo": text} if kind == "PNG" else {"comment": b"<script>alert(1)</script>"}
    more |= {} if kind == "GIF" else {"icc_profile": b"<script>alert(3)</script>", "exif": exif}
    data = picture(kind, **more) + b"<script>alert(4)</script>"
    assert data.count(b"script") >= 4
    made = reencoded(data, OutputBudget())
    assert made is not None
    assert made.startswith(b"\x89PNG")
    assert b"script" not in made
    assert set(chunks(made)) <= {b"IHDR", b"IDAT", b"IEND"}  # others may be compressed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        bomb(30_000, 30_000),
        bomb(4_000, 3_900),
        picture()[:60],
        bytes(9 << 20),
    ],
    ids=["empty", "truncated GIF", "SVG", "PostScript", "900 million pixels", "data missing", "cut", "9 MiB"],
)
def test_what_is_no_picture_of_a_sensible_size_is_left_out(data):
    budget = OutputBudget()
    assert reencoded(data, budget) is None
    assert reencoded(picture(), budget) is not None


@pytest.mark.parametrize("alpha", [255, 120])
def test_transparency_stays_where_there_is_any(alpha):
    made = BytesIO()
    Image.new("RGBA", (WIDTH, HEIGHT), (10, 20, 30, alpha)).save(made, "PNG")
    with Image.open(BytesIO(reencoded(made.getvalue(), OutputBudget()))) as shown:
        assert shown.convert("RGBA").getpixel((3, 5)) == (10, 20, 30, alpha)


def test_a_large_picture_is_made_smaller():
    made = reencoded(picture(size=(3200, 1000)), OutputBudget())
    with Image.open(BytesIO(made)) as image:
        assert image.size == (1600, 500)


def test_html_javascript_and_svg_are_left_out_and_named():
    shown = shown_in(
        display(text_html="<script>alert(1)</script>", text_plain="a table"),
        display(text_html="<script>alert(2)</script>"),
        display(application_javascript="alert(3)"),
        display(**{"image_svg+xml": "<svg onload='alert(4)'/>"}),
        display(image_png='"><script>alert(5)</script>'),
    )
    text = shown[1].text
    assert "alert" not in json.dumps(shown)
    assert text.startswith("a table")
    for kind in ("text/html", "application/javascript", "image/svg+xml", "image/png"):
        assert f"{kind} is not shown" in text


def test_points_are_never_read_from_a_submitted_output():
    """nbgrader takes a number in an output of a graded cell for its points, and any other output for all points."""
    number = {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}, "execution_count": 1}
    assert shown_in(number, grade_id="a") == []
    (graded,) = (c for c in restore(None, RELEASED).cells if is_grade(c) and c.cell_type == "code")
    for own in (number, {"output_type": "stream", "name": "stdout", "text": "all right"}):
        assert determine_grade(nbformat.from_dict({**graded, "outputs": [own]}))[0] == 3  # so they have to go


def test_text_is_shown_as_text_and_cut_in_the_middle():
    (_, node) = as_handed_in([Output("\u202ebackwards\x1b[2J" + "a" * 50_000 + "the end")], OutputBudget())
    assert node["text"].startswith("\\u202ebackwards")
    assert node["text"].endswith("the end")
    assert re.search(r"\(… [\d,]+ characters are left out …\)", node["text"])
    assert len(node["text"]) < 10_000


def test_all_cells_of_a_notebook_share_one_budget():
    budget = OutputBudget(characters=100)
    assert "the others" not in as_handed_in([Output("a" * 60)], budget)[1]["text"]
    assert "too many" in as_handed_in([Output("b" * 60)], budget)[1]["text"]
    assert as_handed_in([Output("c" * 60)], budget) == []
    size = len(reencoded(picture(), OutputBudget()))
    budget = OutputBudget(pictures=size)
    one, two = as_handed_in([Output(picture=base64_of(picture()))] * 2, budget)[1:]
    assert "image/png" in one["data"]
    assert "too large" in two["text"]
    assert reencoded(picture(), OutputBudget(seconds=0)) is None


def test_a_cell_that_shows_nothing_has_no_label():
    assert shown_in({"output_type": "stream", "name": "stdout", "text": ""}, 3, None, {"data": 7}, {"text": {}}) == []
