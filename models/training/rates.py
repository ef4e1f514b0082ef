"""Scores the shipped spotter at several rates of false alarms, also for recordings in which events are rare.

    python models/training/rates.py

Synthetic recordings of the other rig show an event every few seconds; published recordings show a few a
minute. Recall and false alarms are counted on the synthetic ones. F1 is then computed for as many events a
minute as published recordings show. The script needs numpy and torch.
"""

import argparse
from pathlib import Path

import numpy as np

from sets import FRAMES, OTHER, REPOSITORY, evaluated, generate, save_as_released

COUNT = 240
RATES = (3, 2, 1, 0.7, 0.5, 0.2, 0.1)
# Micro- and macro-expressions a minute in published recordings: the fewest, CAS(ME)², and the most, SAMM-LV.
PUBLISHED = ({"micro": 0.4, "macro": 2.0}, {"micro": 4.0, "macro": 9.0})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=REPOSITORY / "target" / "training", help="sets")
    parser.add_argument("--models", type=Path, default=REPOSITORY / "models", help="the spotter's folder")
    parser.add_argument("--program", default="cargo run -q --release --", help="how to call fleeting")
    options = parser.parse_args()
    options.work, options.models = options.work.resolve(), options.models.resolve()
    options.generator = f"{options.program} synth"
    options.work.mkdir(parents=True, exist_ok=True)
    path = options.work / "rates.npz"
    recordings = np.load(generate(options, "spotting", COUNT, OTHER, FRAMES, rig="facs"))
    # Row t leads from frame t - 1 to frame t. In released features, the first row leads to the second frame.
    save_as_released(path, recordings["motion"][:, 1:], recordings["events"])
    minutes = COUNT * FRAMES / 30 / 60
    print("rate; F1 micro, macro, all; the same at", *PUBLISHED, "a minute", sep="  ")
    for rate in RATES:
        counts = evaluated(options, "spotting", path, "--false-alarms-per-minute", str(rate))
        dense = [f"{counts[kind]['f1']:.3f}" for kind in ("micro", "macro", "all")]
        print(rate, *dense, *(as_often(counts, often, minutes) for often in PUBLISHED), sep="  ")


def as_often(counts, events_per_minute, minutes):
    """F1 of micro, macro and all if recordings show so many events a minute."""
    found = {kind: often * counts[kind]["tp"] / counts[kind]["truths"] for kind, often in events_per_minute.items()}
    false = {kind: (counts[kind]["proposals"] - counts[kind]["tp"]) / minutes for kind in events_per_minute}

    def f1(*kinds):
        return 2 * sum(found[k] for k in kinds) / sum(found[k] + false[k] + events_per_minute[k] for k in kinds)

    return f"{f1('micro'):.3f} {f1('macro'):.3f} {f1('micro', 'macro'):.3f}"


if __name__ == "__main__":
    main()
