"""What each choice of the spotter is worth: short trainings that differ in one thing.

    python models/training/ablations.py --basis face_basis.npz [--report spotting_dev.npz] [NAME ...]

Every variant trains for the same few steps on the same motion. It is scored on people of the other rig.
Thresholds are set for one false alarm a minute of each kind on faces that show no expression. This
score decides. The file of `--report` is scored afterwards and decides nothing. The reference is trained
with several seeds, to show the spread by chance. Results are kept in the work folder and are not
computed twice.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
import torch

import auwgcn
import decoding
import spotter
from fitting import fit, mirrored
from sets import NEUTRAL, OTHER, REPOSITORY, TRAIN, generate
from spotting_data import SpottingData

# Factors of the calibrated threshold; the best of them is reported.
AROUND = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25)
NONE = torch.eye(spotter.REGIONS)


def unchanging(file):
    return np.isin(np.arange(len(file["motion"])), file["events"][:, 0])


def quiet(file):
    """Laboratory recordings without talking: few movements that are hard to tell from expressions."""
    columns = [str(c) for c in file["recording_columns"]]
    recording = file["recording"]
    return (recording[:, columns.index("is_laboratory")] == 1) & (recording[:, columns.index("talks_per_minute")] == 0)


PUBLISHED = "AUW-GCN as published"
# Name: what differs in the network, what differs in the data.
VARIANTS = {
    "reference, seed 0": ({}, {}),
    "reference, seed 1": ({}, {"seed": 1}),
    "reference, seed 2": ({}, {"seed": 2}),
    "no adjacency": ({"neighbours": NONE, "learned": False}, {}),
    "adjacency as published": ({"neighbours": auwgcn.adjacency(), "learned": False}, {}),
    "adjacency with AU4, nothing learned": ({"learned": False}, {}),
    "no scaling by level": ({"scaled": False}, {}),
    "no neutral segments": ({}, {"keep": unchanging}),
    "no hard negatives": ({}, {"keep": quiet}),
    "no disturbance in training": ({}, {"batch": {"disturbed": False}}),
    "streams begin in no window": ({}, {"batch": {"beginning": 0.0}}),
    "segments of nine seconds": ({}, {"frames": 270}),
    "no sums": ({"sums": ()}, {}),
    "sums over 3, 8 and 20 rows": ({"sums": (3, 8, 20)}, {}),
    "dilations to 8": ({"dilations": (1, 2, 4, 8, 8, 8)}, {}),
    "dilations to 32": ({"dilations": (1, 2, 4, 8, 16, 32)}, {}),
    "micro from all blocks": ({"micro_blocks": 6}, {}),
    "look-ahead of 5 for micro": ({"look_ahead": (5, 18)}, {}),
    "look-ahead of 27 for macro": ({"look_ahead": (7, 27)}, {}),
    PUBLISHED: ({}, {}),
}


AVERAGES = {
    "no mirror image": [(0, False)],
    "two networks, one of them in the mirror": [(0, False), (1, True)],
    "two networks, both views": [(0, False), (0, True), (1, False), (1, True)],
}


HEADER = """| variant | facs micro / macro / all F1 | facs, best thresholds, micro / macro F1 | report micro / macro / all F1 | false micro a minute |
|---|---|---|---|---|"""


def averaged(members, views):
    """Probabilities and rows of the mean over `views`: pairs (member, is it shown the mirror image)."""

    def run(windows):
        logits = sum(members[m](mirrored(windows, spotter.MIRRORED) if mirror else windows) for m, mirror in views)
        logits = logits / len(views)
        parts = [(torch.sigmoid(logits[..., k : k + 1]), torch.exp(logits[..., k + 1 : k + 3])) for k in (0, 3)]
        return torch.cat([p for pair in parts for p in pair], 2)

    return run


class Bench:
    """The recordings that variants are scored on."""

    def __init__(self, options):
        self.sets = {}
        other = generate(options, "spotting", 160, OTHER, options.frames, rig="facs")
        neutral = generate(options, "spotting", 500, NEUTRAL, options.frames)
        self.facs = decoding.segments(other)
        self.still = decoding.segments(neutral, lambda f: ~unchanging(f))[:110]
        self.report = decoding.released(options.report) if options.report else None

    def score(self, network, look_ahead):
        scored = {}
        neutral = decoding.outputs(network, self.still, look_ahead)
        limits = decoding.thresholds(neutral, self.still, look_ahead, 1.0)
        for name, streams, shift in (("facs", self.facs, 0), ("report", self.report, 1)):
            if streams is None:
                continue
            results = decoding.outputs(network, streams, look_ahead)
            found = decoding.counts(results, streams, limits, look_ahead, shift)
            scored[name] = [decoding.f1(c) for c in (*found, found.sum(0))]
            if name == "facs":
                all_limits = [[limit * t for limit in limits] for t in AROUND]
                by_limit = [decoding.counts(results, streams, both, look_ahead) for both in all_limits]
                scored["best"] = [max(decoding.f1(c[kind]) for c in by_limit) for kind in range(2)]
            else:
                scored["false"] = float((found[0][1] - found[0][0]) / sum(s.minutes() for s in streams))
        return {**scored, "thresholds": limits}


def kept(options, name, ending):
    return options.work / "ablations" / f"{re.sub('[^a-z0-9]+', '_', name.lower())}_{options.steps}.{ending}"


def variant(options, name, bench):
    """The network of this name with its look-ahead; trained unless the work folder holds it."""
    if name in AVERAGES:
        pairs = [trained(options, f"reference, seed {seed}", bench) for seed in range(2)]
        return averaged([network for network, _ in pairs], AVERAGES[name]), spotter.LOOK_AHEAD
    network, look_ahead = trained(options, name, bench)
    if isinstance(network, auwgcn.AuwGcn):
        return auwgcn.Exported(network).eval(), look_ahead
    return averaged([network], [(0, False), (0, True)]), look_ahead


def trained(options, name, bench):
    kwargs, changed = VARIANTS[name]
    seed = changed.get("seed", 0)
    torch.manual_seed(seed)
    published = name == PUBLISHED
    network = auwgcn.AuwGcn() if published else spotter.Spotter(**kwargs)
    look_ahead = auwgcn.LOOK_AHEAD if published else network.look_ahead
    path = kept(options, name, "pt")
    if path.exists():
        network.load_state_dict(torch.load(path, weights_only=True))
        return network.eval(), look_ahead
    frames, keep = changed.get("frames", options.frames), changed.get("keep")
    if (frames, keep) not in bench.sets:
        bench.sets.clear()
        count = options.segments * options.frames // frames
        bench.sets[frames, keep] = SpottingData([generate(options, "spotting", count, TRAIN, frames)], keep)
    data = bench.sets[frames, keep]

    def batch_loss(network, generator, _):
        motion, targets = data.batch(48, generator, **changed.get("batch", {}))
        return (auwgcn if published else spotter).loss(network(motion), targets)

    rate, decay = (1e-2, 1e-1) if published else (3e-3, 1e-2)
    fit(network, batch_loss, options.steps, rate, decay, seed, name)
    torch.save(network.state_dict(), path)
    return network, look_ahead


def line(name, scored):
    text = lambda values: " / ".join(f"{v:.3f}"[1:] for v in values)
    cells = [name, text(scored["facs"]), text(scored["best"])]
    if "report" in scored:
        cells += [text(scored["report"]), f"{scored['false']:.1f}"]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="variants; all unless named")
    parser.add_argument("--basis", type=Path, required=True)
    parser.add_argument("--report", type=Path, help="a spotting*.npz to report on; it decides nothing")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "target" / "training")
    parser.add_argument("--program", default="cargo run -q --release --")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--segments", type=int, default=8_000)
    parser.add_argument("--frames", type=int, default=540)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.generator = f"{options.program} synth"
    options.basis, options.work = options.basis.resolve(), options.work.resolve()
    (options.work / "ablations").mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    names = options.names or [*VARIANTS, *AVERAGES]
    bench = None
    for name in names:
        if not kept(options, name, "json").exists():
            bench = bench or Bench(options)
            started = time.time()
            scored = bench.score(*variant(options, name, bench))
            kept(options, name, "json").write_text(json.dumps(scored))
            print(line(name, scored), f"{time.time() - started:.0f} s", flush=True)
    print(HEADER)
    for name in names:
        print(line(name, json.loads(kept(options, name, "json").read_text())))


if __name__ == "__main__":
    main()
