"""What each notebook has to reach with the reference, on the offline set."""

from __future__ import annotations

# What has to hold when the last cell has run, in the notebook's own names.
TARGETS = {
    "hw3/backprop": """
        assert all(0.99 < np.linalg.norm(path[-1]) < 1.01 for path in paths.values())
        assert all(losses[-1] < 1.001 * left_out < losses[0] for losses in histories)
        assert values[-1] > values[0] + 30_000
    """,
    "hw3/two_layer_nn": """
        assert 0.24 < poor_accuracy < 0.33
        assert min(after) < np.mean(poor_stats["loss_history"][-20:])  # 300 iterations at a better rate
        assert best_net.params["W1"].shape == (50, 3072)
        assert best_accuracy >= 0.5
    """,
    "hw3/FC_nets": """
        assert solver.model.params["W1"].shape == (3072, 200)
        assert solver.best_val_acc >= 0.5
        assert (three.model.num_layers, five.model.num_layers) == (3, 5)
        assert max(three.train_acc_history) == max(five.train_acc_history) == 1
        assert len(three.train_acc_history) == len(five.train_acc_history) == 21  # 20 epochs
        assert np.sum(maps[3] == 1) > np.sum(maps[5] == 1) > 0
        assert margins[0.0][-1] > 2 * margins[0.1][-1] > 2 * margins[0.3][-1] > 0
    """,
    "hw4/Optimization": """
        assert list(racers) == ["sgd", "sgd_momentum", "sgd_nesterov_momentum", "adagrad", "rmsprop", "adam"]
        assert len(sweep) == 36
        assert all(len(racer.loss_history) == 200 for racer in racers.values())  # 4000 images, 5 epochs
        finals = {rule: np.mean(racer.loss_history[-20:]) for rule, racer in racers.items()}
        assert max(finals, key=finals.get) == "sgd"
        assert best_solver.best_val_acc >= 0.5
        assert max(left["AdamW"]) - min(left["AdamW"]) < 0.01
        assert left["Adam with a penalty"] == sorted(left["Adam with a penalty"])
    """,
    "hw4/Batch-Normalization": """
        assert max(deep["batchnorm"].train_acc_history) > max(deep[None].train_acc_history) + 0.1
        assert len(sweep) == 40
        tiny = scales[0]
        assert max(sweep[tiny, None].train_acc_history) < 0.2 < max(sweep[tiny, "batchnorm"].train_acc_history)
        every_run = baseline_runs | batchnorm_runs | layernorm_runs
        assert len(every_run) == 9
        best = {name: max(run.train_acc_history) for name, run in every_run.items()}
        assert best["batchnorm, batch 50"] > best["none, batch 50"] + 0.1
        assert best["none, batch 5"] > best["batchnorm, batch 5"]  # the point of the experiment
        assert best["batchnorm, batch 50"] > best["batchnorm, batch 10"] > best["batchnorm, batch 5"]
        lost = {norm: best[f"{norm}, batch 50"] - best[f"{norm}, batch 5"] for norm in ("batchnorm", "layernorm")}
        assert lost["layernorm"] < lost["batchnorm"]
    """,
    "hw4/Dropout": """
        assert all(len(run.loss_history) == 125 for run in runs.values())  # 500 images, 25 epochs
        gaps = {p: np.mean(np.subtract(run.train_acc_history, run.val_acc_history)[-10:]) for p, run in runs.items()}
        assert gaps[0.75] < gaps[0.0] - 0.05
        assert best_solver.best_val_acc >= 0.5
        assert np.linalg.norm(limited[0.05].model.params["W1"], axis=0).max() < 0.0501
        assert limited[0.05].val_acc_history[-1] > limited[None].val_acc_history[-1]
    """,
    "hw5/CNN-Layers": """
        assert len(photographs) == 2
        assert len(results) == 2
        assert all(error < 1e-12 for _, error in results.values())
        assert rel_error(pooled, known_pooling) < 1e-7
        assert np.allclose(separable, full)
    """,
    "hw5/CNN-BatchNorm": """
        assert np.abs(test_means[-1]).max() < 0.1
        assert max(group_sway) < 1e-12 < batch_sway[-1] < batch_sway[0] / 2
        one, two = in_full_light["one group (layer)"], in_full_light["two groups"]
        assert one[:4].max() < 0.5 < two[:4].mean()
    """,
    "hw5/CNN": """
        assert max(overfit.train_acc_history) >= 0.98
        assert one_epoch.best_val_acc >= 0.35
        assert (len(coarse), len(fine)) == (18, 8)
        assert max(fine.values()) > 0.3
        assert full["training"] > full["validation"] > best_solver.best_val_acc - 0.03
        assert best_solver.best_val_acc >= 0.65
    """,
    "hw6/PyTorch": """
        assert all(difference < 1e-6 for difference, *_ in bridge.values())
        two_layers = (two_layer, two_layer_module, two_layer_sequential)
        assert min(run["val_acc"][-1] for run in (*two_layers, bare, module, sequential)) >= 0.35
        assert len(two_layer["loss"]) == len(module["loss"]) == 250  # 16,000 images, one epoch
        assert w is old and w.is_leaf and w.item() == 2  # the two updates that do not work have not worked
        assert list(apart) == ["sgd", "momentum", "Nesterov", "RMSProp", "Adam"]
        assert max(apart.values()) < 1e-12
        assert len(best["val_acc"]) <= 10
        assert best_val >= 0.65
        assert best_test >= 0.65
        assert np.allclose(paths[0.2][-1], 1, atol=0.05)
        assert paths[0.0][-1][0] > 2.9
    """,
    "hw6/Network-Visualization": """
        assert net.dataset == "offline"
        assert len(right) >= 0.6 * len(X)
        assert len(fooling) == 3
        assert all(taken == target != label for label, target, taken, _ in fooling)
        assert all(0 < relative < 0.4 for *_, relative in fooling)
        taken_for_their_class = sum(int(model(img).argmax()) == label for label, img in ideals.items())
        assert taken_for_their_class >= 8  # of 10: a look-alike may take one over
        assert len(correlations) == 8  # of the seven layers with weights
    """,
}
