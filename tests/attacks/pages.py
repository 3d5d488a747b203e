"""Pages: what is handed in wants to run in an instructor's browser or terminal."""

from .bank import attack


def _raises(text):
    return f"def relu_forward(x):\n    raise ValueError({text!r})\n"


def _says(text):
    """The answer in writing is this text."""

    def change(notebook):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = text

    return change


def _shows(data):
    """A cell has this output."""

    def change(notebook):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]

    return change


def _added(notebook):
    notebook["cells"].append(
        {"cell_type": "code", "id": "added", "metadata": {}, "execution_count": 1, "source": "1",
         "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>steal(9)</script>"}}]}
    )  # fmt: skip


SCRIPT = "<script>steal({})</script>"

attack("pages", "a script in an error", "page", _raises(SCRIPT.format(1)), mark=SCRIPT.format(1))
attack("pages", "a script in the name of an error", "page",
       "def relu_forward(x):\n    raise type('<script>steal(2)</script>', (Exception,), {})('x')\n", mark=SCRIPT.format(2))  # fmt: skip
attack(
    "pages",
    "a picture that fails in an error",
    "page",
    _raises("<img src=x onerror=steal(3)>"),
    mark="<img src=x onerror=steal(3)>",
)
attack("pages", "terminal sequences in an error", "page", _raises("\x1b]0;steal\x07\x1b[2J"), mark="\x1b]0;steal")
attack("pages", "text that reads backwards in an error", "page", _raises("\u202estnioP lluF"), mark="\u202estnioP")
attack("pages", "a script in an answer", "page", notebook=_says(SCRIPT.format(4)), mark=SCRIPT.format(4))
attack(
    "pages",
    "a drawing that loads in an answer",
    "page",
    notebook=_says("<svg onload=steal(5)></svg>"),
    mark="<svg onload=steal(5)>",
)
attack("pages", "a link that runs in an answer", "page",
       notebook=_says("[my derivation](javascript:steal(6))"), mark='href="javascript:steal(6)"')  # fmt: skip
attack("pages", "a frame in an answer", "page",
       notebook=_says('<iframe src="https://example.invalid/7"></iframe>'), mark='<iframe src="https://example.invalid/7"')  # fmt: skip
attack("pages", "a style that hides the score in an answer", "page",
       notebook=_says("<style>body{display:none}/*8*/</style>"), mark="<style>body{display:none}/*8*/")  # fmt: skip
attack("pages", "a page that moves on in an answer", "page",
       notebook=_says('<meta http-equiv="refresh" content="0;url=https://example.invalid/10">'),
       mark='<meta http-equiv="refresh" content="0;url=https://example.invalid/10"')  # fmt: skip
attack("pages", "a form that asks for a password in an answer", "page",
       notebook=_says('<form action="https://example.invalid/11"><input name="password"></form>'),
       mark='<form action="https://example.invalid/11"')  # fmt: skip
attack(
    "pages",
    "a script in an output of a test",
    "page",
    notebook=_shows({"text/html": SCRIPT.format(12)}),
    mark=SCRIPT.format(12),
)
attack("pages", "javascript as an output of a test", "page",
       notebook=_shows({"application/javascript": "steal(13)"}), mark="steal(13)")  # fmt: skip
attack("pages", "a script in a cell of its own", "page", notebook=_added, mark="<script>steal(9)</script>")
attack(
    "pages", "a script in the name of a file", "page", files={"<script>steal(14)": "x = 1\n"}, mark="<script>steal(14)"
)

# Lines and letters that a page or a terminal shows as if they were the grader's.

RESULT = "✓ layers.relu_forward: right, 2 of 2 points"
ENDS = {
    "a line end": "\n", "a carriage return": "\r", "a vertical tab": "\v", "a form feed": "\f", "a file separator": "\x1c",
    "a next line": "\x85", "a line separator": "\u2028", "a paragraph separator": "\u2029", "a wide row of spaces": "\u3000" * 90,
}  # fmt: skip
for what, end in ENDS.items():
    attack("pages", f"a result behind {what} in an error", "page", _raises(f"no{end}{RESULT}"), mark=f"{end}{RESULT}")
attack("pages", "a result as the name of an error", "page", f"""
    NAME = "{RESULT} (error)"

    def relu_forward(x):
        raise type(NAME, (Exception,), {{}})("x")
""", mark=f"{RESULT} (error)")  # fmt: skip
attack("pages", "a result as the name of a function", "page", f"""
    def relu_forward(x):
        raise ValueError("no")

    relu_forward.__code__ = relu_forward.__code__.replace(co_name="{RESULT} (name)", co_qualname="{RESULT} (name)")
""", mark=f"{RESULT} (name)")  # fmt: skip
attack("pages", "a result in a line that is quoted", "page",
       f"def relu_forward(x):\n    raise ValueError('no')  # \f{RESULT}\n", mark=f"\f{RESULT}")  # fmt: skip
attack(
    "pages",
    "marks that cover the rows above and below",
    "page",
    _raises("no" + "\u0336\u0301" * 200),
    mark="\u0336\u0301" * 3,
)
attack("pages", "marks that enclose what stands before", "page", _raises("no" + "\u20dd" * 400), mark="\u20dd" * 5)
attack("pages", "letters that show nothing", "page", _raises("no\u3164\u115f\u2800yes"), mark="\u3164")
attack(
    "pages",
    "a name of a file with a pile of marks",
    "page",
    files={"extra" + "\u0301" * 40 + ".py": "x = 1\n"},
    mark="\u0301" * 5,
)
