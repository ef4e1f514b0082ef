"""Makes models/spotter.onnx and models/recogniser.onnx from nothing, with their manifest entries.

    python models/training/train.py --basis face_basis.npz

Seeds, steps and rates are fixed beforehand. No step, threshold or constant is chosen by a score on
real recordings.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import torch

import auwgcn
import export
import recognition_training
import spotter
from fitting import fit
from sets import FRAMES, MODELS, NEUTRAL, ORIGIN, REPOSITORY, TRAIN, VECTORS, evaluated, generate, remembered, save_as_released
from spotting_data import SpottingData


def train_spotter(options):
    data = SpottingData([generate(options, "spotting", options.segments, TRAIN, FRAMES), *options.spotting_set])
    members = []
    for seed in range(options.spotters):
        torch.manual_seed(seed)

        def batch_loss(network, generator, _):
            motion, targets = data.batch(64, generator)
            return spotter.loss(network(motion), targets)

        members.append(remembered(
            options, f"spotter_{seed}", spotter.Spotter(),
            lambda network: fit(network, batch_loss, options.spotter_steps, 3e-3, 1e-2, seed, f"spotter {seed}"),
        ))
    ship_spotter(options, spotter.Exported(members), spotter.LOOK_AHEAD, data)


def train_baseline(options):
    """Trains AUW-GCN into a models folder of its own. `fleeting evaluate spotting --model` scores it."""
    data = SpottingData([generate(options, "spotting", options.segments, TRAIN, FRAMES), *options.spotting_set])
    torch.manual_seed(0)

    def batch_loss(network, generator, _):
        motion, targets = data.batch(128, generator)
        return auwgcn.loss(network(motion), targets)

    network = remembered(
        options, "auwgcn", auwgcn.AuwGcn(),
        lambda network: fit(network, batch_loss, options.spotter_steps, 1e-2, 1e-1, 0, "AUW-GCN"),
    )
    ship_spotter(options, auwgcn.Exported(network), auwgcn.LOOK_AHEAD, data)


def ship_spotter(options, network, look_ahead, data):
    """Exports, then measures the false alarms of each threshold with the program itself."""
    network.eval()
    motion = data.motion[None, : spotter.WINDOW].clone()
    path, manifest = options.models / "spotter.onnx", options.models / "manifest.toml"
    export.save_onnx(network, (motion,), ["motion"], ["rows"], path)
    if options.models == MODELS:
        export.save_vectors(network, (motion,), ["motion"], ["rows"], VECTORS / "spotter.json")
    shapes = [("motion", [1, spotter.WINDOW, spotter.REGIONS, 2], None)], [("rows", [1, spotter.WINDOW, 6], None)]
    calibration = {"look_ahead_rows": list(look_ahead)}
    export.write_entry(manifest, path, "spot", *shapes, ORIGIN, calibration)
    table = calibrate(options)
    pairs = {kind: export.toml_pairs(table[kind]) for kind in ("micro", "macro")}
    export.write_entry(manifest, path, "spot", *shapes, ORIGIN, {**pairs, **calibration})


def calibrate(options):
    """False alarms per minute by threshold, of the whole spotter, on faces that show no expression."""
    path = options.work / "neutral.npz"
    file = np.load(generate(options, "spotting", min(800, options.segments), NEUTRAL, FRAMES))
    shows = np.zeros(len(file["motion"]), bool)
    shows[file["events"][:, 0]] = True
    save_as_released(path, file["motion"][~shows][:150], np.zeros((0, 5)))
    return evaluated(options, "calibration", path)


def own_sets(options, name):
    """Every file of this name in the folders of own recordings."""
    found = []
    for folder in options.features:
        inside = sorted(folder.resolve().rglob(name))
        if not inside:
            raise SystemExit(f"{folder}: expected {name} in it or below it, as `fleeting analyze --features` writes it, found no such file")
        found += inside
    return found


def begin_folder(folder):
    """Copies the shipped models into a new folder. Trained models then replace them."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "manifest.toml").exists():
        for path in [*MODELS.glob("*.onnx"), *MODELS.glob("*.bin"), MODELS / "manifest.toml", MODELS / "NOTICE"]:
            shutil.copy(path, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--basis", type=Path, help="face_basis.npz, see models/training/README.md; without it, people come from the program's own FACS rules")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "target" / "training", help="sets and weights")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder for the models and manifest.toml")
    parser.add_argument("--only", choices=["spotter", "recogniser", "baseline"])
    parser.add_argument("--features", type=Path, action="append", default=[],
                        help="folder with own labelled motion (fleeting analyze --features) to train on beside the synthetic")
    parser.add_argument("--segments", type=int, default=24_000, help="synthetic segments of eighteen seconds")
    parser.add_argument("--expressions", type=int, default=80_000, help="synthetic expressions of each rig")
    parser.add_argument("--program", default="cargo run -q --release --", help="how to call fleeting")
    parser.add_argument("--generator", help="how to call the generator, if not `fleeting synth`")
    parser.add_argument("--spotter-steps", type=int, default=12_000)
    parser.add_argument("--recogniser-steps", type=int, default=2500)
    parser.add_argument("--spotters", type=int, default=1, help="networks that the spotter averages")
    parser.add_argument("--recognisers", type=int, default=4, help="networks that the recogniser averages")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.generator = options.generator or f"{options.program} synth"
    options.basis, options.work = options.basis and options.basis.resolve(), options.work.resolve()
    options.models = options.models.resolve()
    options.spotting_set = own_sets(options, "spotting.npz")
    options.recognition_set = own_sets(options, "recognition.npz")
    options.work.mkdir(parents=True, exist_ok=True)
    begin_folder(options.models)
    VECTORS.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    if options.only in (None, "spotter"):
        train_spotter(options)
    if options.only in (None, "recogniser"):
        recognition_training.train(options)
    if options.only == "baseline":
        train_baseline(options)


if __name__ == "__main__":
    main()
