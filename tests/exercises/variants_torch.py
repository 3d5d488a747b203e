"""Right answers in other styles for the exercises in PyTorch."""

from __future__ import annotations

from grader.reference import Edit

RIGHT: tuple[tuple[str, str, tuple[Edit, ...]], ...] = (
    ("torch_models.flatten", "torch.flatten", (("x.reshape(x.shape[0], -1)", "torch.flatten(x, start_dim=1)"),)),
    ("torch_models.flatten", "contiguous first", (("x.reshape(x.shape[0], -1)", "x.contiguous().view(len(x), -1)"),)),
    (
        "torch_models.random_weight",
        "kaiming_normal_",
        (
            (
                "w = torch.randn(shape, dtype=dtype, device=device) * math.sqrt(2 / fan_in)",
                'w = nn.init.kaiming_normal_(torch.empty(shape, dtype=dtype, device=device), nonlinearity="relu")',
            ),
        ),
    ),
    (
        "torch_models.random_weight",
        "torch.normal",
        (
            (
                "w = torch.randn(shape, dtype=dtype, device=device) * math.sqrt(2 / fan_in)",
                "w = torch.normal(0.0, (2 / fan_in) ** 0.5, tuple(shape), dtype=dtype, device=device)",
            ),
        ),
    ),
    (
        "torch_models.two_layer_fc",
        "clamp and linear",
        (
            ("hidden = F.relu(flatten(x) @ w1.T + b1)", "hidden = F.linear(x.flatten(1), w1, b1).clamp(min=0)"),
            ("hidden @ w2.T + b2", "torch.addmm(b2, hidden, w2.t())"),
        ),
    ),
    (
        "torch_models.three_layer_convnet",
        "padded by hand",
        (
            ("F.conv2d(x, conv_w1, conv_b1, padding=2)", "F.conv2d(F.pad(x, (2, 2, 2, 2)), conv_w1, conv_b1)"),
            ("F.conv2d(first, conv_w2, conv_b2, padding=1)", 'F.conv2d(first, conv_w2, conv_b2, padding="same")'),
        ),
    ),
    (
        "torch_models.train_step",
        "zeros in place, and the numbers behind the graph",
        (
            ("w.grad = None", "if w.grad is not None:\n            w.grad.zero_()"),
            (
                "    with torch.no_grad():\n        for w in params:\n            w -= learning_rate * w.grad\n",
                "    for w in params:\n        w.data -= learning_rate * w.grad\n",
            ),
        ),
    ),
    (
        "torch_models.train_step",
        "autograd.grad",
        (
            ("    for w in params:\n        w.grad = None\n", ""),
            ("    loss.backward()\n", "    gradients = torch.autograd.grad(loss, list(params))\n"),
            (
                "for w in params:\n            w -= learning_rate * w.grad",
                "for w, dw in zip(params, gradients):\n            w.sub_(dw, alpha=learning_rate)",
            ),
        ),
    ),
    (
        "torch_models.train_step",
        "log-probabilities by hand, cleared before and after",
        (
            (
                "F.cross_entropy(forward(X, params), y)",
                "-forward(X, params).log_softmax(dim=1)[torch.arange(len(y)), y].mean()",
            ),
            (
                "            w -= learning_rate * w.grad\n",
                "            w.copy_(w - learning_rate * w.grad)\n            w.grad = None\n",
            ),
        ),
    ),
    (
        "torch_models.ThreeLayerConvNet.__init__",
        "drawn by hand",
        (
            (
                'nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")',
                "layer.weight.data = torch.randn(layer.weight.shape) * (2 / layer.weight[0].numel()) ** 0.5",
            ),
            ("nn.init.zeros_(layer.bias)", "layer.bias.data.zero_()"),
        ),
    ),
    (
        "torch_models.ThreeLayerConvNet.__init__",
        "another order",
        (
            ("        self.fc = nn.Linear(channel_2 * height * width, num_classes)\n", ""),
            (
                "        height, width = image\n        self.conv1",
                (
                    "        height, width = image\n"
                    "        self.fc = nn.Linear(channel_2 * height * width, num_classes)\n        self.conv1"
                ),
            ),
        ),
    ),
    (
        "torch_models.ThreeLayerConvNet.forward",
        "layers made in another order",
        (
            ("        self.fc = nn.Linear(channel_2 * height * width, num_classes)\n", ""),
            (
                "        height, width = image\n        self.conv1",
                (
                    "        height, width = image\n"
                    "        self.fc = nn.Linear(channel_2 * height * width, num_classes)\n        self.conv1"
                ),
            ),
        ),
    ),
    (
        "torch_models.ThreeLayerConvNet.forward",
        "in place",
        (
            ("first = F.relu(self.conv1(x))", "first = self.conv1(x).relu_()"),
            ("self.fc(flatten(second))", "self.fc(second.flatten(1))"),
        ),
    ),
    (
        "torch_models.sequential_convnet",
        "same padding",
        (
            (
                "nn.Conv2d(in_channel, channel_1, 5, padding=2),\n        nn.ReLU(),",
                'nn.Conv2d(in_channel, channel_1, 5, padding="same"),\n        nn.ReLU(inplace=True),',
            ),
        ),
    ),
    (
        "torch_models.check_accuracy",
        "indices and inference mode",
        (
            ("with torch.no_grad():\n        for images", "with torch.inference_mode():\n        for images"),
            (
                "zip(X.split(batch_size), y.split(batch_size), strict=True)",
                "((X[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(X), batch_size))",
            ),
            ("model(images).argmax(dim=1)", "model(images).max(1)[1]"),
        ),
    ),
    (
        "net_visualization.compute_saliency_maps",
        "backward through a frozen model",
        (
            (
                "(gradient,) = torch.autograd.grad(right, X)",
                (
                    "wanted = [p.requires_grad for p in model.parameters()]\n"
                    "    model.requires_grad_(False)\n"
                    "    right = model(X)[torch.arange(len(y)), y].sum()\n"
                    "    right.backward()\n"
                    "    gradient = X.grad\n"
                    "    for p, before in zip(model.parameters(), wanted):\n"
                    "        p.requires_grad_(before)"
                ),
            ),
        ),
    ),
    (
        "net_visualization.compute_saliency_maps",
        "upstream gradient of ones",
        (
            (
                "(gradient,) = torch.autograd.grad(right, X)",
                (
                    "chosen = scores[torch.arange(len(y)), y]\n"
                    "    gradient = torch.autograd.grad(chosen, X, torch.ones_like(chosen))[0]"
                ),
            ),
            ("gradient.abs().amax(dim=1)", "torch.maximum(gradient, -gradient).max(1).values"),
        ),
    ),
    (
        "net_visualization.make_fooling_image",
        "normalised by hand",
        (
            (
                "X_fooling.detach() + learning_rate * gradient / gradient.norm()",
                "X_fooling.detach() + learning_rate * gradient * gradient.pow(2).sum().rsqrt()",
            ),
            ("scores.argmax()", "scores.max(dim=1).indices[0]"),
        ),
    ),
    (
        "net_visualization.class_visualization_update_step",
        "penalty by hand",
        (
            (" - l2_reg * (img * img).sum()", ""),
            (
                "(gradient,) = torch.autograd.grad(objective, img)",
                "gradient = torch.autograd.grad(objective, img)[0] - 2 * l2_reg * img.detach()",
            ),
        ),
    ),
)
