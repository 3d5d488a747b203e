"""A two-layer network in one piece: every derivative written out, before layers make it modular."""

import numpy as np


class TwoLayerNet:
    """Affine – ReLU – affine – softmax, trained by stochastic gradient descent.

    Rows are examples. Weights are stored one row per *output* unit, so a layer computes X Wᵀ + b; every later
    network of the course stores them the other way round.

    Parameters
    ----------
    input_size, hidden_size, output_size : int
        D inputs, H hidden units, C classes.
    std : float, default=1e-4
        Standard deviation of the initial weights; the biases start at zero.

    Attributes
    ----------
    params : dict of ndarray
        ``W1`` (H, D), ``b1`` (H,), ``W2`` (C, H), ``b2`` (C,).
    """

    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        self.params = {
            "W1": std * np.random.randn(hidden_size, input_size),
            "b1": np.zeros(hidden_size),
            "W2": std * np.random.randn(output_size, hidden_size),
            "b2": np.zeros(output_size),
        }

    def loss(self, X, y=None, reg=0.0):
        """Scores of a minibatch or, given its labels, its loss and gradients.

        With h = max(0, X W1ᵀ + b1) the scores are s = h W2ᵀ + b2, and

            L = −1/N Σ_n log( exp(s_{n,y_n}) / Σ_c exp(s_{n,c}) )  +  ½ reg (Σ W1² + Σ W2²).

        The biases are not regularised. No loops are needed.
        The gradients come from the chain rule in one backward pass; the loss is not run again for changed parameters.

        Parameters
        ----------
        X : ndarray of shape (N, D)
            Minibatch, one example per row.
        y : ndarray of int, shape (N,), optional
            Labels in 0 … C−1.
        reg : float, default=0.0
            Strength of the L2 penalty.

        Returns
        -------
        scores : ndarray of shape (N, C)
            Only this, when `y` is None.
        loss : float
            L, when `y` is given.
        grads : dict of ndarray
            ∂L/∂p for each entry p of `params`: same keys, same shapes.
        """
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]

        # Forward: compute `scores`, and keep what the backward pass will need.
        ### BEGIN SOLUTION
        hidden = np.maximum(0, X @ W1.T + b1)
        scores = hidden @ W2.T + b2
        ### END SOLUTION

        if y is None:
            return scores

        # Loss: compute `loss`. Softmax does not change when a constant is subtracted from all scores of a
        # row; choose the constant so that exp cannot overflow, however large the scores.
        ### BEGIN SOLUTION
        rows = np.arange(X.shape[0])
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -log_probs[rows, y].mean() + 0.5 * reg * ((W1 * W1).sum() + (W2 * W2).sum())
        ### END SOLUTION

        # Backward: fill the dictionary `grads`.
        ### BEGIN SOLUTION
        # ∂L/∂s = (softmax(s) − onehot(y)) / N, then the chain rule through each line of the forward pass,
        # last line first.
        dscores = np.exp(log_probs)
        dscores[rows, y] -= 1
        dscores /= X.shape[0]
        dhidden = np.where(hidden > 0, dscores @ W2, 0)
        grads = {
            "W2": dscores.T @ hidden + reg * W2,
            "b2": dscores.sum(axis=0),
            "W1": dhidden.T @ X + reg * W1,
            "b1": dhidden.sum(axis=0),
        }
        ### END SOLUTION
        return loss, grads

    def train(
        self,
        X,
        y,
        X_val,
        y_val,
        learning_rate=1e-3,
        learning_rate_decay=0.95,
        reg=1e-5,
        num_iters=100,
        batch_size=200,
        verbose=False,
    ):
        """Minimise the loss by stochastic gradient descent, updating `params`.

        An epoch is as many iterations as it takes to draw about N examples (at least one). After the first
        step of every epoch both accuracies are noted and the learning rate is multiplied by
        `learning_rate_decay`.

        Parameters
        ----------
        X : ndarray of shape (N, D)
            Training examples.
        y : ndarray of int, shape (N,)
            Their labels.
        X_val : ndarray of shape (N_val, D)
            Validation examples.
        y_val : ndarray of int, shape (N_val,)
            Their labels.
        learning_rate : float, default=1e-3
            Step size of the first epoch.
        learning_rate_decay : float, default=0.95
            Factor applied to the step size each epoch.
        reg : float, default=1e-5
            Strength of the L2 penalty.
        num_iters : int, default=100
            Number of steps.
        batch_size : int, default=200
            Examples per step, drawn uniformly at random **with replacement**, anew in each call: it may exceed N.
        verbose : bool, default=False
            Print the loss every 100 iterations.

        Returns
        -------
        dict of list of float
            ``loss_history`` (one entry per iteration), ``train_acc_history`` (on the epoch's first minibatch)
            and ``val_acc_history`` (one entry per epoch).
        """
        num_train = X.shape[0]
        iterations_per_epoch = max(num_train // batch_size, 1)
        loss_history, train_acc_history, val_acc_history = [], [], []

        for it in range(num_iters):
            # Draw a minibatch: `X_batch` (batch_size, D) and `y_batch` (batch_size,), the same examples in
            # both.
            ### BEGIN SOLUTION
            chosen = np.random.choice(num_train, batch_size)
            X_batch, y_batch = X[chosen], y[chosen]
            ### END SOLUTION

            loss, grads = self.loss(X_batch, y=y_batch, reg=reg)
            loss_history.append(loss)

            # Take one step: move every entry of self.params against its gradient, by learning_rate times the
            # gradient.
            ### BEGIN SOLUTION
            for name in self.params:
                self.params[name] -= learning_rate * grads[name]
            ### END SOLUTION

            if verbose and it % 100 == 0:
                print(f"iteration {it} / {num_iters}: loss {loss:f}")

            if it % iterations_per_epoch == 0:
                train_acc_history.append(np.mean(self.predict(X_batch) == y_batch))
                val_acc_history.append(np.mean(self.predict(X_val) == y_val))
                learning_rate *= learning_rate_decay

        return {
            "loss_history": loss_history,
            "train_acc_history": train_acc_history,
            "val_acc_history": val_acc_history,
        }

    def predict(self, X):
        """Label of the highest score, for every example.

        Parameters
        ----------
        X : ndarray of shape (N, D)
            Examples.

        Returns
        -------
        y_pred : ndarray of int, shape (N,)
            Predicted labels in 0 … C−1, integers as an index has to be.
        """
        ### BEGIN SOLUTION
        y_pred = self.loss(X).argmax(axis=1)
        ### END SOLUTION
        return y_pred
