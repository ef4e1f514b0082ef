"""Plots how good the recogniser is on people whom training never saw, and how reliable its confidence is.

    python models/training/train.py --basis face_basis.npz --only recogniser
    python models/training/plot_recognition.py target/training --out models/recognition.png

It needs numpy and matplotlib. All data is synthetic. The script also prints the figures.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from recognition_training import named_units, scores

UNITS = ["1", "2", "4", "5", "6", "7", "9", "10", "12", "14", "15", "17", "20", "23/24", "25/26"]
EMOTIONS = ["negative", "positive", "surprise"]
BINS = np.linspace(1 / 3, 1, 11)
ABSTAIN_BELOW = 0.5


class Found:
    """A network's output on held-out people, as `train.py` wrote it."""

    def __init__(self, path):
        with np.load(path) as file:
            self.all = dict(file)
        self.label, self.temperature = self.all["label"], float(self.all["temperature"])
        self.right = self.all["logits"].argmax(1) == self.label
        # All three emotions as likely, as in training.
        self.weight = 1 / np.bincount(self.label, minlength=3)[self.label]

    def confidence(self, temperature):
        scaled = self.all["logits"] / temperature
        p = np.exp(scaled - scaled.max(1, keepdims=True))
        return (p / p.sum(1, keepdims=True)).max(1)

    def reliability(self, temperature):
        """Mean confidence, share right and weight in each bin, and the expected calibration error, of the
        people who were not used to fit the temperature."""
        confidence, right, weight = (x[1::2] for x in (self.confidence(temperature), self.right, self.weight))
        bins = np.clip(np.digitize(confidence, BINS) - 1, 0, len(BINS) - 2)
        chosen = [bins == b for b in range(len(BINS) - 1) if (bins == b).any()]
        rows = np.array([
            (np.average(confidence[c], weights=weight[c]), np.average(right[c], weights=weight[c]), weight[c].sum())
            for c in chosen
        ])
        return rows, float(np.average(np.abs(rows[:, 0] - rows[:, 1]), weights=rows[:, 2]))

    def unit_f1(self):
        read, moving = named_units(self.all["units"]), self.all["moving"]
        right = ((read == moving) & (read > 0)).sum(0)
        return 2 * right / ((read > 0).sum(0) + (moving > 0).sum(0)).clip(1)


def draw_reliability(axis, found):
    axis.plot([1 / 3, 1], [1 / 3, 1], color="0.7", lw=1)
    for title, temperature, style in (("before", 1.0, "o--"), ("calibrated", found.temperature, "o-")):
        rows, error = found.reliability(temperature)
        axis.plot(rows[:, 0], rows[:, 1], style, ms=4, label=f"{title}: error {error:.3f}")
        print(f"expected calibration error {title} (temperature {temperature:.3f}): {error:.3f}")
    axis.axvline(ABSTAIN_BELOW, color="0.5", ls=":")
    axis.text(ABSTAIN_BELOW - 0.01, 0.97, "unclear", ha="right", va="top", color="0.4")
    axis.set(title="Is an emotion as often right as it says?", xlabel="confidence", ylabel="share right")
    axis.legend()


def draw_size(axis, sets):
    edges = np.array([0.1, 0.3, 0.5, 0.8, 1.2, 2, 4, 10])
    for name, found in sets.items():
        size, right = found.all["size_percent"], found.right
        at = np.digitize(size, edges) - 1
        inside = [at == b for b in range(len(edges) - 1)]
        recall = [np.mean([right[i & (found.label == c)].mean() for c in range(3)]) for i in inside]
        axis.plot(np.sqrt(edges[1:] * edges[:-1]), recall, "o-", ms=4, label=name)
        print(f"UAR by size, {name}:", ", ".join(f"{a:g}-{b:g} %: {r:.2f}" for a, b, r in zip(edges, edges[1:], recall)))
    axis.set(title="By size of the movement", xlabel="onset to apex, % of the eye distance", ylabel="average recall", xscale="log")
    axis.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    axis.minorticks_off()
    axis.legend()


def draw_units(axis, sets):
    places = np.arange(len(UNITS))
    for k, (name, found) in enumerate(sets.items()):
        f1 = found.unit_f1()
        axis.bar(places + 0.4 * k, f1, 0.38, label=name)
        print(f"action units with side, F1, {name}:", ", ".join(f"{u}: {v:.2f}" for u, v in zip(UNITS, f1)))
    axis.set_xticks(places + 0.2, [unit.replace("/", "\n") for unit in UNITS])
    axis.set(title="Action units with side", xlabel="action unit", ylabel="F1", ylim=(0, 1.05))
    axis.legend()


def tell_emotion_by_unit(found):
    """How often the emotion is read right where a unit moves, and the wrong readings."""
    moving, read = found.all["moving"] > 0, found.all["logits"].argmax(1)
    for k, unit in enumerate(UNITS):
        shown = moving[:, k]
        wrong = np.bincount(read[shown & ~found.right], minlength=3) / max(1, shown.sum())
        parts = ", ".join(f"{name} {share:.2f}" for name, share in zip(EMOTIONS, wrong) if share >= 0.03)
        print(f"emotion where {unit} moves: right {found.right[shown].mean():.2f}; wrongly {parts or 'anything'}")


def draw_abstention(axis, found):
    confidence, right = found.confidence(found.temperature), found.right
    levels = np.linspace(1 / 3, 0.95, 60)
    told = np.array([found.weight[confidence >= level].sum() for level in levels]) / found.weight.sum()
    share = np.array([np.average(right[confidence >= level], weights=found.weight[confidence >= level]) for level in levels])
    axis.plot(told, share)
    at = np.searchsorted(levels, ABSTAIN_BELOW)
    axis.plot(told[at], share[at], "ko", label=f"at one half: {told[at]:.0%} named, {share[at]:.0%} of them right")
    print(f"named {told[at]:.3f}, right among them {share[at]:.3f}, right among all {share[0]:.3f}")
    axis.set(title="Saying “unclear” more often", xlabel="share that is named", ylabel="share right among them")
    axis.legend()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="the work folder of train.py")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    names = {"basis": "people of the rig of training", "facs": "people of the other rig"}
    sets = {name: Found(options.work / f"recogniser_on_{rig}.npz") for rig, name in names.items()}
    for name, found in sets.items():
        print(name, {key: round(value, 3) for key, value in scores(found.all).items()}, f"temperature {found.temperature:.3f}")
    unseen = sets[names["facs"]]
    tell_emotion_by_unit(unseen)
    _, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    draw_reliability(axes[0, 0], unseen)
    draw_abstention(axes[0, 1], unseen)
    draw_size(axes[1, 0], sets)
    draw_units(axes[1, 1], sets)
    plt.savefig(options.out, dpi=80)


if __name__ == "__main__":
    main()
