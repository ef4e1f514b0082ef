"""Sets of labelled motion and weights. They are made once and kept in the work folder."""

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import torch

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = REPOSITORY / "models"
VECTORS = REPOSITORY / "tests" / "fixtures"
ORIGIN = "trained by models/training on this project's generator only"
# Seeds of the generator. No two sets share an identity, a timeline or noise.
TRAIN, HELD_OUT, NEUTRAL = 101, 202, 303
# Seed of the recordings of the other rig on which spotters are compared.
OTHER = 77
# Rows of a spotting segment: 18 s hold nearly all macro-expressions.
FRAMES = 540


def rigs(options):
    """The rigs that people come from: the program's own rules, and a face basis if there is one."""
    return ["facs"] if options.basis is None else ["basis", "facs"]


def generate(options, kind, count, seed, frames=None, rig=None):
    """The path of a set of labelled motion of `rig` (by default the face basis, if there is one); made once.
    `frames` is the length of its segments, if it has segments."""
    rig = rig or rigs(options)[0]
    path = options.work / f"{kind}_{rig}_{seed}_{count}{f'_{frames}' if frames else ''}.npz"
    if not path.exists():
        command = [*options.generator.split(), "--features", kind, "--count", str(count), "--seed", str(seed)]
        command += ["--frames", str(frames)] if frames else []
        command += ["--basis", str(options.basis)] if rig == "basis" else []
        subprocess.run([*command, "--out", str(path)], cwd=REPOSITORY, check=True)
    return path


def save_as_released(path, motion, events):
    """Segments of motion in the form of released features, as `fleeting evaluate` reads them: row k leads from
    frame k to frame k + 1."""
    count, rows = motion.shape[:2]
    np.savez(
        path, motion=motion.reshape(count * rows, *motion.shape[2:]), video=np.repeat(np.arange(count, dtype=np.int32), rows),
        fps=np.full(count, 30, np.float32), eye_distance_px=np.full(count, 100, np.float32),
        events=events.astype(np.int32),
    )


def evaluated(options, what, path, *more):
    """The counts of `fleeting evaluate` on a file, with the models of `options`."""
    command = [*options.program.split(), "evaluate", what, str(path), "--model", str(options.models), "--json", *more]
    return json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout)


def arrays(path, shapes):
    """The arrays of a set. `shapes` gives the axes of each; a word stands for an axis of any length."""
    try:
        with np.load(path) as file:
            found = {key: file[key] for key in shapes if key in file}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise SystemExit(f"{path}: expected a set of labelled motion (.npz), found a file that is not one") from error
    lengths = {}
    for key, shape in shapes.items():
        if key not in found:
            raise SystemExit(f"{path}: expected an array `{key}`, found {', '.join(found) or 'no array'}")
        array = found[key]
        fits = array.ndim == len(shape) and all(
            lengths.setdefault(axis, size) == size if isinstance(axis, str) else axis == size
            for axis, size in zip(shape, array.shape)
        )
        if not fits:
            known = [f"{axis} = {lengths[axis]}" if axis in lengths else str(axis) for axis in shape]
            raise SystemExit(f"{path}: {key}: expected the shape [{', '.join(known)}], found {list(array.shape)}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise SystemExit(f"{path}: {key}: expected finite numbers, found NaN or infinity")
    return found


def remembered(options, name, network, train):
    """Trains `network` unless the work folder holds its weights, made from the same sets in the same way."""
    path, made_from = options.work / f"{name}.pt", repr(recipe(options, name))
    if path.exists():
        found = torch.load(path, weights_only=True)
        if found["made_from"] == made_from:
            network.load_state_dict(found["weights"])
            return network.eval()
    train(network)
    torch.save({"weights": network.state_dict(), "made_from": made_from}, path)
    return network


# The modules that make the weights, by the beginning of their name.
MADE_BY = {
    "recogniser": ("recogniser", "recognition_data", "recognition_training", "scaled_maps", "fitting"),
    "spotter": ("spotter", "spotting_data", "fitting"),
    "auwgcn": ("auwgcn", "spotter", "spotting_data", "fitting"),
}


def code(names):
    """One hash over the text of the modules."""
    text = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in names)
    return hashlib.sha256(text).hexdigest()


def recipe(options, name):
    """What the weights of this name depend on."""
    kind = name.split("_")[0]
    if kind == "recogniser":
        counts, own = (options.expressions, options.recogniser_steps), options.recognition_set
    else:
        counts, own = (options.segments, options.spotter_steps), options.spotting_set
    return rigs(options)[0], counts, [(str(path), path.stat().st_mtime_ns) for path in own], code(MADE_BY[kind])
