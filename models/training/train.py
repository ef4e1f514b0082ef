"""From nothing to models/spotter.onnx and models/recognizer.onnx, with their manifest entries.

    python models/training/train.py --basis face_basis.npz

Everything is fixed beforehand: seeds, steps, rates. No step, threshold or constant is chosen by a
score on real recordings.
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import auwgcn
import export
import recognizer
import spotter
from fitting import fit
from recognition_data import RecognitionData, disturbed, normalised, onset_to_apex, with_phases_missing
from spotting_data import SpottingData

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = REPOSITORY / "models"
VECTORS = REPOSITORY / "tests" / "fixtures"
ORIGIN = "trained by models/training on this project's generator only"
# Seeds of the generator. The sets share no identity, no timeline and no noise.
TRAIN, HELD_OUT, NEUTRAL = 101, 202, 303
# Rows of a spotting segment: 18 s hold nearly all macro-expressions.
FRAMES = 540


def generate(options, kind, count, seed, frames=None, rig="basis"):
    """A set of labelled motion, made once; `frames` is the length of its segments, where it has any."""
    path = options.work / f"{kind}_{seed}_{count}{f'_{frames}' if frames else ''}{'_facs' if rig == 'facs' else ''}.npz"
    if not path.exists():
        command = [*options.generator.split(), "--features", kind, "--count", str(count), "--seed", str(seed)]
        command += ["--frames", str(frames)] if frames else []
        command += ["--basis", str(options.basis)] if rig == "basis" else []
        subprocess.run([*command, "--out", str(path)], cwd=REPOSITORY, check=True)
    return path


def remembered(options, name, network, train):
    """Trains `network` unless the work folder holds its weights already."""
    path = options.work / f"{name}.pt"
    if path.exists():
        network.load_state_dict(torch.load(path, weights_only=True))
        return network.eval()
    train(network)
    torch.save(network.state_dict(), path)
    return network


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
    """AUW-GCN into a models folder of its own: score it with `fleeting evaluate spotting --model`."""
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
    """Exports, then measures with the program itself what its thresholds are worth."""
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
    """False alarms per minute by threshold, of the whole spotter as it ships, on faces that show nothing."""
    path = options.work / "neutral.npz"
    file = np.load(generate(options, "spotting", 800, NEUTRAL, FRAMES))
    shows = np.zeros(len(file["motion"]), bool)
    shows[file["events"][:, 0]] = True
    motion = file["motion"][~shows][:150]
    count, rows = motion.shape[:2]
    np.savez(
        path, motion=motion.reshape(-1, spotter.REGIONS, 2), video=np.repeat(np.arange(count, dtype=np.int32), rows),
        fps=np.full(count, 30, np.float32), eye_distance_px=np.full(count, 100, np.float32),
        events=np.zeros((0, 5), np.int32),
    )
    command = [*options.program.split(), "evaluate", "calibration", str(path), "--model", str(options.models), "--json"]
    return json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout)


def train_recognizer(options):
    data = RecognitionData([generate(options, "recognition", 80_000, TRAIN), *options.recognition_set])
    members = []
    for seed in range(options.recognizers):
        torch.manual_seed(100 + seed)
        isda = recognizer.Isda()

        def batch_loss(network, generator, progress):
            motion, mask, label, units = data.batch(96, generator)
            known = (torch.rand(len(motion), generator=generator) < 0.5).float()
            motion, amplitude = normalised(motion, mask, known)
            return recognizer.loss(network, isda, motion, mask, amplitude, label, units, 0.5 * progress)

        members.append(remembered(
            options, f"recognizer_{seed}", recognizer.Recognizer(),
            lambda network: fit(network, batch_loss, options.recognizer_steps, 2e-3, 1e-2, seed, f"recognizer {seed}"),
        ))
    shipped = recognizer.Exported(members).eval()
    temperature = fit_temperature(options, shipped)
    motion, mask, _, _ = data.batch(1, torch.Generator().manual_seed(1))
    motion, amplitude = normalised(motion, mask, torch.ones(1))
    inputs, names, outputs = (motion, mask, amplitude), ["motion", "mask", "amplitude"], ["emotion", "units"]
    path = options.models / "recognizer.onnx"
    export.save_onnx(shipped, inputs, names, outputs, path)
    if options.models == MODELS:
        export.save_vectors(shipped, inputs, names, outputs, VECTORS / "recognizer.json")
    shapes = [("motion", [1, 3, 23, 2], None), ("mask", [1, 3], (0.0, 1.0)), ("amplitude", [1, 2], None)]
    results = [("emotion", [1, 3], None), ("units", [1, 15, 3], (0.0, 1.0))]
    # Below one half, the other two classes together are likelier.
    calibration = {"temperature": f"{temperature:.4f}", "abstain_below": 0.5}
    export.write_entry(options.models / "manifest.toml", path, "recognize", shapes, results, ORIGIN, calibration)


@torch.no_grad()
def fit_temperature(options, network):
    """The temperature of greatest likelihood on people that training never saw; prints how good it is."""
    data = RecognitionData([generate(options, "recognition", 4_000, HELD_OUT)])
    generator = torch.Generator().manual_seed(9)
    motion, mask = with_phases_missing(disturbed(data.motion, generator), generator)
    motion, amplitude = normalised(motion, mask, torch.ones(len(motion)))
    logits, _ = network(motion, mask, amplitude)
    weights = len(data.label) / (3 * torch.bincount(data.label).float())
    temperatures = np.exp(np.linspace(np.log(0.3), np.log(3), 60))
    best = min(temperatures, key=lambda t: float(F.cross_entropy(logits / t, data.label, weight=weights)))
    accuracy = float((logits.argmax(1) == data.label).float().mean())
    print(f"recogniser on held-out people: accuracy {accuracy:.3f}, temperature {best:.3f}")
    return float(best)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--basis", type=Path, required=True, help="face_basis.npz; see models/training/README.md")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "target" / "training", help="sets and weights")
    parser.add_argument("--models", type=Path, default=MODELS, help="where models and manifest.toml go")
    parser.add_argument("--only", choices=["spotter", "recognizer", "baseline"])
    parser.add_argument("--spotting-set", type=Path, action="append", default=[], help="own labelled motion beside the synthetic")
    parser.add_argument("--recognition-set", type=Path, action="append", default=[], help="own labelled events beside the synthetic")
    parser.add_argument("--segments", type=int, default=12_000, help="synthetic segments of eighteen seconds")
    parser.add_argument("--program", default="cargo run -q --release --", help="how to call fleeting")
    parser.add_argument("--generator", help="how to call the generator, if not `fleeting synth`")
    parser.add_argument("--spotter-steps", type=int, default=2800)
    parser.add_argument("--recognizer-steps", type=int, default=1500)
    parser.add_argument("--spotters", type=int, default=1, help="networks that the shipped one averages")
    parser.add_argument("--recognizers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.generator = options.generator or f"{options.program} synth"
    options.basis, options.work = options.basis.resolve(), options.work.resolve()
    options.models = options.models.resolve()
    for folder in (options.work, options.models):
        folder.mkdir(parents=True, exist_ok=True)
    VECTORS.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    if options.only in (None, "spotter"):
        train_spotter(options)
    if options.only in (None, "recognizer"):
        train_recognizer(options)
    if options.only == "baseline":
        train_baseline(options)


if __name__ == "__main__":
    main()
