"""Plots which events the spotter finds, by unit, size, trouble and rate.

    fleeting synth --features spotting --count 240 --frames 540 --seed 77 --out facs.npz
    python models/training/plot_limits.py facs.npz --models models --out models/limits.png

It reads the shipped weights and thresholds. It needs numpy, torch, onnxruntime and matplotlib.
"""

import argparse
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
import torch

import decoding

BLINK, TALK, HEAD, LIGHT = 1, 2, 4, 8
KINDS = ("micro", "macro")


def shipped(folder, per_minute):
    """The network, its look-ahead and its thresholds from a models folder."""
    entry = next(b for b in (folder / "manifest.toml").read_text().split("[[model]]") if 'file = "spotter.onnx"' in b)
    ahead = tuple(int(v) for v in re.search(r"look_ahead_rows = \[(\d+), (\d+)\]", entry).groups())
    limits = []
    for kind in KINDS:
        pairs = re.search(rf"(?m)^{kind} = \[(.*)\]$", entry).group(1)
        table = np.array([[float(v) for v in pair.split(",")] for pair in re.findall(r"\[([^\]]*)\]", pairs)])
        limits.append(float(np.interp(-np.log(per_minute), -np.log(np.maximum(table[:, 1], 1e-3)), table[:, 0])))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "spotter.onnx"), options)

    def run(windows):
        return torch.from_numpy(np.concatenate([session.run(None, {"motion": w[None]})[0] for w in windows.numpy()]))

    return run, ahead, limits


class Events:
    """Every event of one kind, found or not, and every false alarm."""

    def __init__(self, streams, results, kind, limits, ahead, file):
        columns = [str(c) for c in file["recording_columns"]]
        self.found, self.number, self.segment, false = [], [], [], []
        for s, (stream, result) in enumerate(zip(streams, results)):
            given = decoding.flags(result, stream, kind, limits[kind], ahead)
            spans = [decoding.in_frames(f, stream.times) for f in given]
            events = [e for e in stream.events if e[3] == kind]
            pairs = decoding.matched(spans, events)
            hit = {e for _, e in pairs}
            self.found += [e in hit for e in range(len(events))]
            self.number += [e[4] for e in events]
            self.segment += [s] * len(events)
            matched = {p for p, _ in pairs}
            false += [(s, *span) for p, span in enumerate(spans) if p not in matched]
        self.found, self.number, self.segment = np.array(self.found), np.array(self.number), np.array(self.segment)
        self.units = [re.sub(r"[LR]", "", str(u)) for u in file["units"][self.number]]
        self.size = file["size_percent"][self.number]
        spans = file["events"][self.number]
        self.state = np.array([np.bitwise_or.reduce(file["states"][s, a : c + 1]) for s, a, _, c, _ in spans])
        self.recording = {c: file["recording"][self.segment, i] for i, c in enumerate(columns)}
        # A flag, and every frame, belongs to the states within reach of its middle.
        reach = (7, 18)[kind]
        states = file["states"].copy()
        for t in range(states.shape[1]):
            near = file["states"][:, max(0, t - reach) : t + reach + 1]
            states[:, t] = np.bitwise_or.reduce(near, axis=1)
        self.false_in = {}
        for name, bit in (("still", 0), ("blink", BLINK), ("talk", TALK), ("head", HEAD), ("light", LIGHT)):
            has = states == 0 if bit == 0 else (states & bit) > 0
            minutes = has.sum() / decoding.GRID_HZ / 60
            count = sum(1 for s, a, c in false if has[s, (a + c) // 2])
            self.false_in[name] = float(count / max(minutes, 1e-9))


def bars(axis, title, groups, label):
    """The share found in each group of at least a dozen events, with one standard error."""
    enough = [any(len(rows[n][1]) >= 12 for rows in groups.values()) for n in range(len(groups["micro"]))]
    names = [name for n, (name, _) in enumerate(groups["micro"]) if enough[n]]
    for k, (kind, rows) in enumerate(groups.items()):
        rows = [row for row in rows if row[0] in names and len(row[1]) >= 12]
        at = np.array([names.index(name) for name, _ in rows]) + 0.4 * k - 0.2
        part = np.array([f.mean() for _, f in rows])
        error = np.array([np.sqrt(f.mean() * (1 - f.mean()) / len(f)) for _, f in rows])
        axis.bar(at, part, 0.38, yerr=error, label=kind, error_kw={"elinewidth": 1, "ecolor": "0.4"})
        print(title, kind, "; ".join(f"{name} {f.mean():.2f} of {len(f)}" for name, f in rows))
    axis.set_xticks(np.arange(len(names)), names, rotation=45 if len(names) > 8 else 0, fontsize=8)
    axis.set(title=title, xlabel=label, ylabel="found", ylim=(0, 1))


def split(events, masks):
    return [(name, events.found[mask]) for name, mask in masks]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", type=Path, help="a spotting set from `fleeting synth`")
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--per-minute", type=float, default=0.25, help="false alarms of each kind")
    parser.add_argument("--out", default="limits.png")
    options = parser.parse_args()
    torch.set_num_threads(1)
    file = {name: values for name, values in np.load(options.set).items()}
    network, ahead, limits = shipped(options.models, options.per_minute)
    streams = decoding.segments(options.set)
    results = decoding.outputs(network, streams, ahead)
    both = {k: Events(streams, results, i, limits, ahead, file) for i, k in enumerate(KINDS)}

    def of_unit(e, unit):
        return np.array([unit in re.findall(r"\d+", u) for u in e.units])

    def each(masks):
        return {k: split(e, masks(e)) for k, e in both.items()}

    units = [u for u in ("1", "2", "4", "5", "6", "7", "9", "10", "12", "14", "15", "17", "20", "23", "24", "25")]
    edges = (0, 0.2, 0.35, 0.6, 1.0, 1.7, 3, 100)
    names = [f"{a:g}–{b:g}" if b < 100 else f"{a:g}–" for a, b in zip(edges, edges[1:])]
    figure, axes = plt.subplots(2, 3, figsize=(14, 7.5), layout="constrained")
    bars(axes[0, 0], "By action unit", each(lambda e: [(u, of_unit(e, u)) for u in units]), "AU among those that move")
    size = lambda e: [(n, (e.size >= a) & (e.size < b)) for n, a, b in zip(names, edges, edges[1:])]
    bars(axes[0, 1], "By size", each(size), "onset to apex, strongest region, percent of the eye distance")
    trouble = lambda e: [("none", e.state == 0)] + [
        (n, (e.state & b) > 0) for n, b in (("blink", BLINK), ("talk", TALK), ("head", HEAD), ("light", LIGHT))
    ]
    bars(axes[0, 2], "By what else happens", each(trouble), "during the event")
    rates = (15, 20, 24, 25, 29.97, 30, 60, 100, 200)
    bars(axes[1, 0], "By rate", each(lambda e: [(f"{r:g}", np.isclose(e.recording["fps"], r, atol=0.01)) for r in rates]), "frames per second")
    noise = ((0, 0.03), (0.03, 0.045), (0.045, 0.06), (0.06, 1))
    sd = lambda e: e.recording["noise_sd_percent"]
    bars(axes[1, 1], "By noise", each(lambda e: [(f"{a:g}–{b:g}", (sd(e) >= a) & (sd(e) < b)) for a, b in noise]), "standard deviation, percent per frame")
    for k, (kind, e) in enumerate(both.items()):
        axes[1, 2].bar(np.arange(len(e.false_in)) + 0.4 * k - 0.2, list(e.false_in.values()), 0.38, label=kind)
        axes[1, 2].set_xticks(range(len(e.false_in)), list(e.false_in))
        print("false alarms a minute", kind, {n: round(v, 2) for n, v in e.false_in.items()})
    axes[1, 2].set(title="False alarms", xlabel="while this happens", ylabel="per minute of it")
    for axis in axes.flat:
        axis.legend(fontsize=8)
    figure.savefig(options.out, dpi=90)


if __name__ == "__main__":
    main()
