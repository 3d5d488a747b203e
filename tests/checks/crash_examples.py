"""Student functions that crash, each with what its explanation has to say.

`DEVELOPMENT` was at hand while the explanations were written; `HELD_BACK` was not looked at until they were.
An example is a name, the source, and the phrases that have to stand in the explanation. Every function is called as
``f(x, w, b, dout, image, param)`` with N = 4, D = 7, M = 5, C = 3, H = 8, W = 6.
"""

from __future__ import annotations

DEVELOPMENT: list[tuple[str, str, tuple[str, ...]]] = [
    (
        "weights-not-turned",
        "dx = dout @ w\nreturn dx",
        (
            "`dout` is (N, M) = (4, 5)",
            "`w` is (D, M) = (7, 5)",
            "`dout @ w.T` has shape (N, D) = (4, 7), which is that of `dx`",
        ),
    ),
    ("x-not-turned", "dw = x.dot(dout)\nreturn dw", ("D = 7 is not N = 4", "`x.T @ dout` has shape (D, M)")),
    ("turned-the-wrong-way", "dw = np.dot(dout.T, x.T)\nreturn dw", ("`x.T @ dout` has shape (D, M)",)),
    ("images-not-flat", "out = image @ w\nreturn out", ("(N, C, H, W)",)),
    (
        "mean-over-features",
        "out = x - np.mean(x, axis=1)\nreturn out",
        ("(N,) = (4,)", "keepdims=True", "(N, 1)", "over axis 0"),
    ),
    ("mean-stored", "mu = x.mean(axis=1)\nxc = x - mu\nreturn xc", ("`mu` is (N,) = (4,)", "(N, 1)", "(D,) = (7,)")),
    ("bias-per-channel", "out = image + np.arange(3)\nreturn out", ("",)),
    (
        "bias-of-channels",
        "bias = np.ones(3)\nout = image + bias\nreturn out",
        ("`bias` is (C,) = (3,)", "(1, C, 1, 1)", "axis 1 of `image`"),
    ),
    ("transposed-sum", "g = x + x.T\nreturn g", ("transpose",)),
    (
        "assign-row",
        "out = np.zeros((4, 5))\nfor i in range(4):\n    out[i] = x[i]\nreturn out",
        ("`out[i]` has shape (M,) = (5,)", "(D,) = (7,)"),
    ),
    (
        "assign-window",
        "out = np.zeros((4, 5))\nout[0, 0] = x[0] * 2\nreturn out",
        ("`out[0, 0]` is a single number", "(D,) = (7,)", "it should be one number"),
    ),
    (
        "loop-too-far",
        "out = np.zeros_like(x)\nfor i in range(x.shape[1]):\n    out[i] = x[i, 0]\nreturn out",
        ("axis 0, of size N = 4", "`i` is 4"),
    ),
    ("float-size", "n = 8 / 2\nout = np.zeros((4, n))\nreturn out", ("`n` is 4.0", "//")),
    (
        "float-size-in-a-list",
        "scale = 0.5\nsizes = [4, 8 / 2]\nout = scale * np.random.randn(*sizes)\nreturn out",
        ("`sizes` holds a float", "//"),
    ),
    ("float-factor", "n = 8 / 2\nscale = 0.5\nout = scale * np.zeros((4, n))\nreturn out", ("`n` is 4.0, a float",)),
    ("float-range", "rows = 1 + (8 - 2) / 2\nfor i in range(rows):\n    pass\nreturn x", ("`rows` is 4.0", "//")),
    (
        "cache-joined-with-plus",
        "first = (x, w)\ncache = first + x + (b,)\nreturn x, cache",
        ("`first` is a tuple", "into one new tuple, each value as a whole: `(first, x, b)`"),
    ),
    (
        "list-as-array",
        "out = [row.ravel() for row in x].T\nreturn out",
        ("is a list, and has no `.T`; `np.array(…)` of it would be an array",),
    ),
    (
        "number-joined-to-lists",
        "n = 3\nsizes = [4] + [5, 6] + n\nreturn x[sizes]",
        ("`n` is a number and `[4] + [5, 6]` a list", "`[n]`"),
    ),
    (
        "nothing-added-in-place",
        "sums = np.zeros((1, 7))\nsums += x[9:]\nreturn sums",
        ("`x[9:]` is empty there", "does a slice begin behind the end of its array?"),
    ),
    ("where-of-two", "out = np.where(x > 0, x)\nreturn out", ("`np.where(x > 0, x, …)`", "third argument, such as 0")),
    (
        "rows-drawn-of-a-table",
        "rows = np.random.choice(x, 2)\nreturn rows",
        ("`x` is (N, D) = (4, 7)", "with `x.shape[0]` in the place of `x`"),
    ),
    (
        "tensordot-of-other-axes",
        "dw = np.tensordot(x, dout, axes=1)\nreturn dw",
        ("axis 1 of the first, of size 7, is summed with axis 0 of the second, of size 4", "which `axes=(0, 0)` gives"),
    ),
    (
        "tensordot-of-named-axes",
        "out = np.tensordot(x, image, axes=([1], [0]))\nreturn out",
        ("axis 1 of the first, of size 7, is summed with axis 0 of the second, of size 4",),
    ),
    ("view-of-an-array", "out = x.view(7, 4)\nreturn out", ("`x.reshape(7, 4)`",)),
    ("method-of-pytorch", "out = x.clamp(0)\nreturn out", ("`.clamp` is PyTorch's; in NumPy it is `np.clip`",)),
    ("axis-of-pytorch", "out = np.sum(x, dim=1)\nreturn out", ("was `axis` meant?",)),
    (
        "shape-among-sizes",
        "out = image.reshape(4, image.shape[1:])\nreturn out",
        ("`image.shape[1:]` is a tuple of sizes", "or -1"),
    ),
    (
        "set-in-the-other-branch",
        "running_mean, running_var = x[2:]\nif not param:\n    mu, std = x\nelse:\n    x = (x - mu) / std\nreturn x",
        ("`running_mean` and `running_var` have values here, and are not used on this line: should they be",),
    ),
    (
        "blocks-with-a-rest",
        "stride = 2\nblocks = image.reshape(4, 3, 8 // 3, 3, 6 // 3, 3)\nreturn blocks",
        ("`8 // 3` leaves a rest: 8 is no multiple of 3", "Windows start every"),
    ),
    (
        "indices-of-more-axes",
        "row, column = np.unravel_index(np.argmax(image), image.shape)\nreturn row",
        ("a place in it has 4 indices, one for each axis, but is unpacked into 2", "a part of 2 axes"),
    ),
    (
        "sizes-of-more-axes",
        "n, d = np.shape(image)\nreturn n",
        ("its shape has 4 sizes, but is unpacked into 2", "The case gives `image` with 4 axes"),
    ),
    (
        "vectors-of-rows-and-columns",
        "spread = np.sum(x * x, 1)\nout = np.ones(7) * spread\nreturn out",
        (
            "`np.sum(x * x, 1)`, on line",
            "each of the 4 rows of `x * x`",
            "over axis 0 it would give one for each of the 7",
        ),
    ),
    (
        "wrong-key",
        "pad = param['padding']\nreturn x",
        ("`param` has no key `padding`", "stride, pad", "Was `pad` meant"),
    ),
    (
        "cache-of-four",
        "cache = (x, w, b)\na, c, d, e = cache\nreturn a",
        ("holds 3 values ((4, 7), (7, 5), (5,))", "into 4"),
    ),
    ("no-return", "def helper(v):\n    v * 2\nh = helper(x)\nreturn h.shape", ("`h` is None", "h = helper(x)")),
    ("max-for-maximum", "out = np.max(0, x)\nreturn out", ("`np.maximum(0, x)`", "axis")),
    ("builtin-max", "out = max(0, x)\nreturn out", ("`np.maximum(0, x)`",)),
    ("zeros-of-two", "out = np.zeros(4, 5)\nreturn out", ("`np.zeros((4, 5))`",)),
    ("np-int", "out = x.astype(np.int)\nreturn out", ("write `int`",)),
    ("misspelt", "outt = x * 2\nreturn ouut", ("`outt` meant",)),
    ("only-in-a-branch", "if x.ndim > 5:\n    out = x\nreturn out", ("`out` has no value yet", "under a condition")),
    ("mask-condition", "if x > 0:\n    return x\nreturn x", ("`x > 0`", "each entry")),
    ("reshape-impossible", "v = x.reshape(4, 5)\nreturn v", ("holds 28 numbers", "(N, M) = (4, 5)")),
    (
        "layer-not-unpacked",
        "def layer(v):\n    return v, 1\nh = layer(x)\nout = h * 2.0\nreturn out",
        ("`h` holds 2 values", "unpacked"),
    ),
    (
        "pairs-added",
        "def layer(v):\n    k = 1\n    return v, k\nh, one = layer(x) + layer(w)\nreturn h",
        ("`layer(x)` and `layer(w)` each give 2 values, and + joins them to one tuple of 4",),
    ),
    ("not-an-argument", "h = x @ weights\nreturn h", ("There is no `weights` here: it is no argument",)),
    ("by-zero", "p = 0\ns = 1 / p\nreturn s", ("`p` is 0",)),
]

DEVELOPMENT += [
    (
        "summand-turned",
        "dw = x.T @ dout + dout.T @ x\nreturn dw",
        ("`dw` should have shape (D, M) = (7, 5); with `x.T @ dout` in place of `dout.T @ x`, it would",),
    ),
    (
        "vectors-multiplied",
        "one, two = x[0], dout[0]\ndw = one * two\nreturn dw",
        ("as an outer product has: `np.outer(one, two)`",),
    ),
    (
        "inner-for-outer",
        "one, two = x[0], dout[0]\ndw = one @ two.T\nreturn dw",
        ("with an outer product, `np.outer(one, two)`",),
    ),
    (
        "two-inner-for-outer",
        "one, two = x[0], dout[0]\ndw = one @ two.T + (2 * one) @ two\nreturn dw",
        ("an outer product, `np.outer(one, two)`", "`2 * one @ two` on this line multiplies two vectors, too"),
    ),
    ("entries-for-product", "dw = x.T * dout\nreturn dw", ("a matrix product, @, would give that", "`x.T @ dout`")),
    (
        "product-for-entries",
        "x_hat = x * 2\ndb = np.dot(x, x_hat).sum(axis=0)\ndx = np.dot(x, x_hat)\nreturn dx",
        ("not N = 4",),
    ),
    ("same-shapes", "x_hat = x * 2\ndx = np.dot(x, x_hat)\nreturn dx", ("a product entry by entry, *, would give",)),
    (
        "other-weights",
        "W1, W2 = w, w.T\nh = x @ W1\nback = h @ W1\nreturn back",
        ("`W2`, of shape", "would fit there, and so would `h @ W1.T`; which is meant?"),
    ),
    (
        "gradient-of-an-array",
        "probs = x * 1\nonehot = np.zeros((7, 4))\ndprobs = (x - onehot) / 4\nreturn dprobs",
        ("`dprobs` should have shape (N, D) = (4, 7); with `onehot.T` in place of `onehot`, it would",),
    ),
    (
        "in-a-dict",
        "one = x.T @ dout\ngrads = {'dw': one + b[:, None]}\nreturn grads",
        ("`b` as it is, (M,) = (5,), would go with each row",),
    ),
    ("mask-of-rows", "mask = np.random.rand(4)\nout = x * mask\nreturn out", ("`mask` should be drawn in the shape",)),
    (
        "loop-over-places",
        "out = np.zeros(3)\nfor i in range(0, 8, 2):\n    out[i] = image[0, 0, i, 0]\nreturn out",
        ("should stay below", '"for i in range(0, 8, 2):"', "`range(out.shape[0])`"),
    ),
    (
        "a-whole-map",
        "k = 0\nwindow = image[0, :, 1:3, 1:3] * image[k, k]\nreturn window",
        ("`image` has 4 axes but only 2 indices there", "an index for each axis"),
    ),
    (
        "whole-bias",
        "out = np.zeros((4, 5))\ni, j = 1, 2\nout[i, j] = np.sum(x[i]) + b\nreturn out",
        ("it should be one entry of `b`, such as `b[j]`",),
    ),
    (
        "no-key-under-a-condition",
        "drop, rate = {}, 0\nif rate is not None:\n    x = x * drop[1]\nreturn x",
        ('"if rate is not None:", where `rate` is 0',),
    ),
    (
        "sizes-as-a-tuple",
        "rng = np.random\nout = rng.rand(x.shape)\nreturn out",
        ("`rand` takes the sizes one by one: `*x.shape`.",),
    ),
    (
        "value-for-a-place",
        "i, j = np.unravel_index(x.max(), x.shape)\nreturn i",
        ("should be given its position, `x.argmax()`",),
    ),
]

HELD_BACK: list[tuple[str, str, tuple[str, ...]]] = [
    (
        "matmul-function",
        "dW = np.matmul(dout, x)\ndw = dW\nreturn dw",
        ("`dout` is (N, M) = (4, 5)", "`dout.T @ x` would fit"),
    ),
    ("inside-a-sum", "h = np.maximum(0, x @ w.T + b)\nreturn h", ("`w.T` is (M, D) = (5, 7)", "`x @ w` would fit")),
    ("in-a-dict", "grads = {}\ngrads['w'] = x @ dout\nreturn grads", ("D = 7 is not N = 4",)),
    ("flattened-wrongly", "dw = x.reshape(-1, 4) @ dout.T\nreturn dw", ("`dout.T` is (M, N) = (5, 4)",)),
    ("dx-by-w-first", "dx = w @ dout\nreturn dx", ("`dout @ w.T`",)),
    ("vector-product", "s = b @ x\nreturn s", ("`b` is (M,) = (5,)", "`x` is (N, D)")),
    ("three-factors", "dx = dout @ w.T @ x\nreturn dx", ("`dout @ w.T` is (N, D) = (4, 7)",)),
    (
        "variance-over-features",
        "var = np.var(x, axis=1)\nz = x / np.sqrt(var + 1e-5)\nreturn z",
        ("`np.sqrt(var + 1e-05)` is (N,) = (4,)", "(N, 1)"),
    ),
    ("sum-without-keepdims", "p = np.exp(x)\np /= np.sum(p, axis=1)\nreturn p", ("(N,) = (4,)", "keepdims=True")),
    ("max-without-keepdims", "s = x - x.max(axis=1)\nreturn s", ("keepdims=True", "(N, 1)")),
    ("labels-column", "t = dout - x\nreturn t", ("`dout` is (N, M) = (4, 5)", "D = 7")),
    (
        "mask-of-other",
        "dx = dout * (x > 0)\nreturn dx",
        ("`x > 0` is (N, D) = (4, 7)", "`dx` should have shape (N, D)"),
    ),
    ("gamma-of-channels", "gamma = np.ones(3)\nout = gamma * image\nreturn out", ("(1, C, 1, 1)",)),
    ("add-in-place", "db = np.zeros(5)\ndb += x\nreturn db", ("`db`",)),
    (
        "slice-of-window",
        "dx = np.zeros((4, 7))\ndx[:, 0:2] = x[:, 0:3]\nreturn dx",
        ("`dx[:, 0:2]` has shape", "(4, 3)"),
    ),
    (
        "column-of-rows",
        "dw = np.zeros((7, 5))\nfor j in range(5):\n    dw[:, j] = dout[:, j]\nreturn dw",
        ("`dw[:, j]` has shape (D,) = (7,)", "(N,) = (4,)"),
    ),
    (
        "array-in-an-entry",
        "total = np.zeros(5)\nsums = dout.sum(axis=0)\nfor j in range(5):\n    total[j] = sums\nreturn total",
        ("`sums`, which is assigned to it, has shape (M,) = (5,)", "such as `sums[j]`"),
    ),
    (
        "list-in-an-entry",
        "out = np.zeros(4)\nfor i in range(4):\n    out[i] = x[i, :] * 2\nreturn out",
        ("`out[i]` is a single number",),
    ),
    (
        "columns-for-rows",
        "s = 0\nfor i in range(4):\n    for j in range(7):\n        s += x[j, i]\nreturn s",
        ("`j` is 4", "axis 0"),
    ),
    ("four-indices", "v = x[0, 0, 0, 0]\nreturn v", ("2 axes", "given 4 indices")),
    ("shape-of-too-many", "h = x.shape[2]\nreturn h", ("`x` is (N, D)", "no entry [2]")),
    ("four-sizes", "n, c, h, ww = x.shape\nreturn n", ("2 sizes", "into 4")),
    ("axis-too-large", "s = np.sum(b, axis=1)\nreturn s", ("`b` is (M,) = (5,)", "no axis 1")),
    ("attribute-case", "y = x.Shape\nreturn y", ("`.shape` meant",)),
    ("method-of-numpy", "y = x.exp()\nreturn y", ("`np.exp(x)`",)),
    ("numpy-misspelt", "y = np.maximun(0, x)\nreturn y", ("`np.maximum` meant",)),
    ("np-product", "s = np.product(x.shape)\nreturn s", ("write `np.prod`",)),
    ("random-of-a-tuple", "v = np.random.randn((4, 5))\nreturn v", ("`randn` takes the sizes one by one: `4, 5`.",)),
    ("concatenate-two", "v = np.concatenate(x, x)\nreturn v", ("`np.concatenate((x, x))`",)),
    ("called-array", "v = x(0)\nreturn v", ("was `x[0]` meant, or is an operator missing",)),
    ("called-rows", "i = np.array([0, 2])\nv = x(i, 1)\nreturn v", ("was `x[i, 1]` meant",)),
    (
        "called-array-with-an-array",
        "ahead = w + 1\nv = w - 0.1 * w(ahead)\nreturn v",
        ("or `(ahead)` should be taken away",),
    ),
    ("called-array-out-of-range", "v = x(9)\nreturn v", ("an operator is missing before `(9)`",)),
    ("called-array-with-nothing", "v = x()\nreturn v", ("should stand there without the brackets",)),
    ("called-shape", "n = x.shape(0)\nreturn n", ("`x.shape[…]`",)),
    ("loop-over-a-number", "n = 4\nfor i in n:\n    pass\nreturn x", ("range(n)",)),
    ("set-later", "y = z + 1\nz = x\nreturn y", ("`z` has no value yet", "further down")),
    ("and-of-arrays", "m = (x > 0) and (x < 1)\nreturn m", ("(x > 0) & (x < 1)",)),
    ("mask-of-wrong-size", "y = x[dout > 0]\nreturn y", ("mask of shape (N, M)",)),
    ("key-of-empty", "grads = {}\ngrads['W1'] += x\nreturn grads", ("`grads` is empty",)),
    ("number-indexed", "loss = 0.5\nreturn loss[0]", ("`loss` is a single number",)),
    ("method-not-called", "v = x.copy[0]\nreturn v", ("x.copy",)),
    ("self-calling", "return f(x, w, b, dout, image, param)", ("calls itself",)),
    ("one-value-into-two", "a, c = 3.0\nreturn a", ("a single number",)),
    ("list-end", "caches = [1, 2]\ni = 2\nreturn caches[i]", ("2 items", "`i` is 2")),
    ("float-index", "k = 4 / 2\nreturn x[k]", ("`k` is 2.0",)),
    ("reshape-to-image", "v = x.reshape(4, 3, 8, 6)\nreturn v", ("28 numbers",)),
    ("unknown-name", "out = x @ W\nreturn out", ("`w` meant",)),
    ("numpy-not-imported", "return numpy.sum(x)", ("import numpy",)),
    ("sum-of-two", "s = np.sum(x, w)\nreturn s", ("second argument of `np.sum` is an axis",)),
    (
        "helper-without-return",
        "def helper(v):\n    v, v\na, c = helper(x)\nreturn a",
        ("`helper(x)` gave None", "`return`"),
    ),
    ("sizes-joined", "n, hidden = 4, [5]\nreturn n + hidden", ("`n` is a number and `hidden` a list", "`[n]`")),
    ("text-and-sum", "i = 1\nreturn 'W%d' % i + 1", ("`1` is added to text", "in brackets")),
    ("axes-of-transpose", "return image.transpose(0, 3, 1, 2, 4)", ("has 4 axes", "given for 5")),
    (
        "sizes-of-normal",
        "return np.random.normal(0, 1e-2, 4, 5)",
        ("`normal` takes the size as one argument, a tuple: `(4, 5)`.",),
    ),
    ("index-of-a-window", "k = 9\nreturn x[0:2][k]", ("`k` is 9 there", "axis 0, of size 2, the last index is 1")),
]
