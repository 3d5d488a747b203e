"""Questions to the layers that an exercise stands on, until whoever answers them has no time or memory left.

In the naive grader a question is a call in the same process.
"""

import textwrap

from .bank import attack

SANDWICH = "def affine_batchnorm_relu_forward(x, w, b, gamma, beta, bn_param):\n{}\n    return x, x\n"
HEAD = "import threading\nimport numpy as np\nfrom .layers import affine_forward, batchnorm_forward\n\n"


def ask(intent: str, body: str, before: str = "") -> None:
    """An attack by the body of a function that stands on layers, and what comes before it."""
    lines = textwrap.indent(textwrap.dedent(body).strip() or "pass", "    ")
    text = HEAD + textwrap.dedent(before) + SANDWICH.format(lines)
    attack("questions", intent, "stops", files={"nndl/layer_utils.py": text})


SIDE = 1600  # of matrices that are small enough by every other measure
ask("a product of half floats", f"affine_forward(*[np.ones(({SIDE}, {SIDE}), np.float16)] * 2, np.float16(0))")
ask("a product of integers", f"affine_forward(*[np.ones(({SIDE}, {SIDE}), np.int64)] * 2, 0)")
ask("a flood of tiny questions", "while True:\n    affine_forward(np.ones((1, 1)), np.ones((1, 1)), np.ones(1))")
ask("a flood of wrong questions", """
    while True:
        try:
            affine_forward(None)
        except Exception:
            pass
""")  # fmt: skip
ask(
    "large questions one after the other",
    "while True:\n    affine_forward(*[np.ones((1000, 1000))] * 2, np.ones(1000))",
)
ask("answers that are kept for ever", """
    kept = []
    while True:
        kept.append(batchnorm_forward(np.ones((1000, 50)), np.ones(50), np.ones(50), {"mode": "train"}))
""")  # fmt: skip
ask("questions from many threads", """
    def flood():
        while True:
            affine_forward(np.ones((3, 2)), np.ones((2, 4)), np.ones(4))

    threads = [threading.Thread(target=flood) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
""")  # fmt: skip
ask("questions at import", "", before="""
    while True:
        affine_forward(np.ones((3, 2)), np.ones((2, 4)), np.ones(4))

""")  # fmt: skip
