"""Define how the function that measures a model's accuracy is judged."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, sizes

# The model writes down how it is called. Its dropout and its running mean tell evaluation from training. The share is
# compared with the digits of float32, in which a mean of right and wrong answers may well be computed.
ACCURACY = """\
import torch
torch.set_grad_enabled(True)  # whatever an earlier call has left
class Witness(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(W.shape[1], momentum=0.5, affine=False).double()
        self.drop = torch.nn.Dropout(0.5)
        self.linear = torch.nn.Linear(*W.shape[::-1]).double()
        self.linear.bias.requires_grad_(False)  # frozen
        self.linear.weight.data, self.linear.bias.data = torch.tensor(W), torch.tensor(b)
        self.calls = []
    def forward(self, x):
        scores = self.linear(self.drop(self.norm(x.flatten(1))))
        self.calls.append((len(x), float(self.training), float(scores.requires_grad)))
        return scores
torch.manual_seed(0)
model = Witness().train(training)
images = torch.tensor(X)
accuracy = np.float32(float(torch_models.check_accuracy(model, images, torch.tensor(y), batch_size)))
# Not how often the model is called: somebody may want a loss as well.
largest_batch, in_training, graphs = (np.array(max(column)) for column in zip(*model.calls))
mode = np.array([float(part.training) for part in model.modules()])
running_mean = model.norm.running_mean.numpy()
untouched = images.numpy()
leaks = {
    "gradients_switched_off_for_all": float(not torch.is_grad_enabled()),
    "parameters_that_gather_no_gradients": float(not model.linear.weight.requires_grad),
    "frozen_parameters_that_gather_gradients": float(model.linear.bias.requires_grad),
}
torch.set_grad_enabled(True)
"""


def accuracy_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Draw batches that fit, a smaller last batch, fewer images than a batch, and a model in either mode."""
    size, c, h, w = sizes(rng, 4, low=3, high=7)
    for title, rows, batch_size, training in (
        ("a smaller last batch", 4 * size + 2, size, True),
        ("a model in evaluation mode, which stays in it", 3 * size + 1, size, False),
        ("fewer images than a batch", size, 50, True),
        ("batches that fit", 5 * size, size, True),
    ):
        X, k = rng.standard_normal((rows, c, h, w)), c + 2
        W, b = rng.standard_normal((k, c * h * w)), rng.standard_normal(k)
        y = (X.reshape(rows, -1) @ W.T + b).argmax(axis=1)
        # About a third is wrong, the first and the last image among them: each batch counts, by its size.
        off = rng.random(rows) < 0.3
        off[0] = off[-1] = True
        off[1] = False
        inputs: dict[str, object] = {
            "X": X, "y": np.where(off, (y + 1) % k, y), "W": W, "b": b, "batch_size": batch_size, "training": training,
        }  # fmt: skip
        computed = ("accuracy", "largest_batch", "in_training", "graphs", "mode", "running_mean")
        effects = {"untouched", "leaks"}
        aspects = {name: Equal() for name in (*computed, *sorted(effects))}
        traits = {Trait.EDGE_SHAPE} if rows < batch_size else set() if training else {Trait.SIDE_EFFECT}
        yield Case(title, ACCURACY, inputs, aspects, traits=traits, effects=effects)


RECIPES = (Recipe("torch_models.check_accuracy", accuracy_cases),)
