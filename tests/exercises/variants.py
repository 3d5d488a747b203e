"""Right answers in other styles: none of them may lose a point."""

from __future__ import annotations

from grader.reference import Edit

_OUT = "out = x.reshape(x.shape[0], -1) @ w + b"
_DX = "dx = (dout @ w.T).reshape(x.shape)"
_DW = "dw = x.reshape(x.shape[0], -1).T @ dout"
_DB = "db = dout.sum(axis=0)"
_RELU = "out = np.maximum(0, x)"
_RELU_DX = "dx = dout * (x > 0)"
_HIDDEN = "hidden = np.maximum(0, X @ W1.T + b1)"
_DSCORES = """\
        dscores = np.exp(log_probs)
        dscores[rows, y] -= 1
        dscores /= X.shape[0]
"""
_DRAW = "chosen = np.random.choice(num_train, batch_size)"
_STEP = "self.params[name] -= learning_rate * grads[name]"
_PREDICT = "y_pred = self.loss(X).argmax(axis=1)"
_FIT = "dX = alpha * (A @ (A.T @ X))"
_LOG_DX = "dX = -alpha * D * np.linalg.solve(K, X)"
_TWO_REG = "loss += 0.5 * self.reg * ((W1 * W1).sum() + (W2 * W2).sum())"
_DEEP_W = 'self.params[f"W{layer}"] = weight_scale * np.random.randn(fan_in, fan_out)'
_DEEP_B = 'self.params[f"b{layer}"] = np.zeros(fan_out)'
_DEEP_REG = "loss += 0.5 * self.reg * (W * W).sum()"
_DEEP_SCORES = 'scores, scores_cache = affine_forward(out, self.params[f"W{last}"], self.params[f"b{last}"])'

RIGHT: list[tuple[str, str, tuple[Edit, ...]]] = [
    ("layers.affine_forward", "np.dot", ((_OUT, "out = np.dot(x.reshape(len(x), w.shape[0]), w) + b[np.newaxis]"),)),
    (
        "layers.affine_forward",
        "loop over examples",
        ((_OUT, "out = np.stack([np.ravel(row) @ w + b for row in x])"),),
    ),
    ("layers.affine_forward", "einsum", ((_OUT, "out = np.einsum('nd,dm->nm', x.reshape(len(x), -1), w) + b"),)),
    ("layers.affine_forward", "extra cache", (("    cache = (x, w, b)\n", "    cache = (x, w, b, out)\n"),)),
    (
        "layers.affine_forward",
        "float64 result for float32 input",
        ((_OUT, "out = np.zeros((len(x), w.shape[1]))\n    out += x.reshape(len(x), -1) @ w + b"),),
    ),
    (
        "layers.affine_backward",
        "db by a loop",
        (
            (
                _DB,
                (
                    "db = np.zeros(dout.shape[1])\n    for n in range(dout.shape[0]):\n"
                    "        for m in range(dout.shape[1]):\n            db[m] += dout[n, m]"
                ),
            ),
        ),
    ),
    ("layers.affine_backward", "db as a product", ((_DB, "db = np.ones(len(dout)) @ dout"),)),
    (
        "layers.affine_backward",
        "cache with extra items",
        (
            ("    cache = (x, w, b)\n", '    cache = {"rows": x.reshape(len(x), -1), "all": (x, w, b)}\n'),
            ("x, w, _ = cache\n", 'x, w, _ = cache["all"]\n'),
        ),
    ),
    ("layers.affine_backward", "einsum", ((_DW, "dw = np.einsum('nd,nm->dm', x.reshape(len(x), -1), dout)"),)),
    (
        "layers.affine_backward",
        "sum of outer products",
        ((_DW, "dw = sum(map(np.outer, x.reshape(len(x), -1), dout))"),),
    ),
    ("layers.affine_backward", "reshape by tuple", ((_DX, "dx = np.reshape(np.dot(dout, w.T), x.shape)"),)),
    ("layers.affine_backward", "tuple of a list", (("return dx, dw, db", "return [dx, dw, db]"),)),
    ("layers.relu_forward", "product with a mask", ((_RELU, "out = x * (x > 0)"),)),
    ("layers.relu_forward", "copy and assign", ((_RELU, "out = x.copy()\n    out[out < 0] = 0"),)),
    ("layers.relu_forward", "half the sum with |x|", ((_RELU, "out = (x + np.abs(x)) / 2"),)),
    ("layers.relu_backward", "subgradient 1 at 0", ((_RELU_DX, "dx = np.where(x >= 0, dout, 0)"),)),
    ("layers.relu_backward", "subgradient ½ at 0", ((_RELU_DX, "dx = dout * np.heaviside(x, 0.5)"),)),
    ("layers.relu_backward", "copy and assign", ((_RELU_DX, "dx = np.array(dout)\n    dx[x <= 0] = 0"),)),
    (
        "layers.relu_backward",
        "mask as the cache",
        (("    cache = x\n", "    cache = x > 0\n"), ("    x = cache\n", "    x = cache * 1.0\n")),
    ),
    (
        "neural_net.TwoLayerNet.loss",
        "mask of the hidden layer",
        ((_HIDDEN, "hidden = X @ W1.T + b1\n        hidden *= hidden > 0"),),
    ),
    (
        "neural_net.TwoLayerNet.loss",
        "one-hot labels",
        (
            (
                _DSCORES,
                (
                    "        onehot = np.zeros_like(scores)\n        onehot[rows, y] = 1\n"
                    "        dscores = (np.exp(log_probs) - onehot) / len(X)\n"
                ),
            ),
        ),
    ),
    (
        "neural_net.TwoLayerNet.loss",
        "loop over examples",
        (
            (
                "loss = -log_probs[rows, y].mean() + 0.5 * reg * ((W1 * W1).sum() + (W2 * W2).sum())",
                (
                    "loss = 0.0\n        for n in range(len(X)):\n            loss -= log_probs[n, y[n]] / len(X)\n"
                    "        loss += reg / 2 * (np.linalg.norm(W1) ** 2 + np.linalg.norm(W2) ** 2)"
                ),
            ),
        ),
    ),
    ("neural_net.TwoLayerNet.train", "randint", ((_DRAW, "chosen = np.random.randint(0, num_train, batch_size)"),)),
    (
        "neural_net.TwoLayerNet.train",
        "own generator",
        ((_DRAW, "chosen = np.random.default_rng().integers(num_train, size=batch_size)"),),
    ),
    (
        "neural_net.TwoLayerNet.train",
        "new arrays",
        ((_STEP, "self.params[name] = self.params[name] - learning_rate * grads[name]"),),
    ),
    (
        "neural_net.TwoLayerNet.predict",
        "row by row",
        ((_PREDICT, "y_pred = np.array([np.argmax(self.loss(X[n : n + 1])) for n in range(len(X))])"),),
    ),
    (
        "neural_net.TwoLayerNet.predict",
        "own forward pass",
        (
            (
                _PREDICT,
                (
                    'p = self.params\n        hidden = np.maximum(0, X @ p["W1"].T + p["b1"])\n'
                    '        y_pred = np.argmax(hidden @ p["W2"].T + p["b2"], axis=1)'
                ),
            ),
        ),
    ),
    (
        "neural_net.TwoLayerNet.predict",
        "a list of labels",
        ((_PREDICT, "y_pred = [int(row.argmax()) for row in self.loss(X)]"),),
    ),
    (
        "backprop.tied_autoencoder",
        "expanded square",
        (("loss = 0.5 * (r @ r)", "loss = 0.5 * np.linalg.norm(W.T @ W @ x - x) ** 2"),),
    ),
    ("backprop.tied_autoencoder", "columns", (("h = W @ x", "h = (W @ x[:, None])[:, 0]"),)),
    ("backprop.gplvm_log_determinant", "explicit inverse", ((_LOG_DX, "dX = -alpha * D * np.linalg.inv(K) @ X"),)),
    (
        "backprop.gplvm_log_determinant",
        "eigenvalues",
        (
            (
                "value = -0.5 * D * np.linalg.slogdet(K).logabsdet",
                "value = -D / 2 * np.log(np.linalg.eigvalsh(K)).sum()",
            ),
        ),
    ),
    (
        "backprop.gplvm_data_fit",
        "explicit inverse",
        ((_FIT, "inv = np.linalg.inv(K)\n    dX = alpha * inv @ Y @ Y.T @ inv @ X"),),
    ),
    (
        "backprop.gplvm_data_fit",
        "trace",
        (("value = -0.5 * np.sum(A * Y)", "value = -0.5 * np.trace(np.linalg.solve(K, Y @ Y.T))"),),
    ),
    (
        "backprop.gplvm_objective",
        "the other order",
        (("value, dX = volume + fit, dX_volume + dX_fit", "value, dX = fit + volume, dX_fit + dX_volume"),),
    ),
    (
        "fc_net.TwoLayerNet.__init__",
        "np.random.normal",
        (
            (
                'self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dims)',
                'self.params["W1"] = np.random.normal(0, weight_scale, (input_dim, hidden_dims))',
            ),
        ),
    ),
    (
        "fc_net.TwoLayerNet.loss",
        "np.sum of squares",
        ((_TWO_REG, "loss += self.reg / 2 * (np.sum(W1**2) + np.sum(W2**2))"),),
    ),
    (
        "fc_net.FullyConnectedNet.__init__",
        "own generator",
        ((_DEEP_W, 'self.params[f"W{layer}"] = np.random.default_rng().normal(0, weight_scale, (fan_in, fan_out))'),),
    ),
    (
        "fc_net.FullyConnectedNet.__init__",
        "zeros from a product",
        ((_DEEP_B, 'self.params[f"b{layer}"] = 0 * np.random.randn(fan_out)'),),
    ),
    (
        "fc_net.FullyConnectedNet.loss",
        "norm of the weights",
        ((_DEEP_REG, "loss += self.reg * np.linalg.norm(W) ** 2 / 2"),),
    ),
    (
        "fc_net.FullyConnectedNet.loss",
        "an own last layer",
        ((_DEEP_SCORES, _DEEP_SCORES + '\n        scores = out @ self.params[f"W{last}"] + self.params[f"b{last}"]'),),
    ),
]
