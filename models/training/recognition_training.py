"""Trains, calibrates and exports the recogniser."""

import numpy as np
import torch
import torch.nn.functional as F

import export
import recogniser
from fitting import fit
from recognition_data import MEASURED, Events, RecognitionData, disturbed, normalised, with_a_phase_missing
from sets import HELD_OUT, MODELS, ORIGIN, TRAIN, VECTORS, generate, remembered, rigs

# Expressions of each rig that no training sees.
HELD_OUT_COUNT = 4_000
# Other seeds for the other rig, so that no timeline is drawn twice.
SHIFT = {"basis": 0, "facs": 1000}
# How strong ISDA is at the end, from nothing at the start.
ISDA = 0.5
TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(3), 120))


def train(options):
    """Trains on one rig. If there is a second one, it gives the temperature and the figures."""
    known = rigs(options)
    learned = generate(options, "recognition", options.expressions, TRAIN + SHIFT[known[0]], rig=known[0])
    held_out = {rig: generate(options, "recognition", HELD_OUT_COUNT, HELD_OUT + SHIFT[rig], rig=rig) for rig in known}
    data = RecognitionData([learned], own=options.recognition_set)
    members = [member(options, data, n) for n in range(options.recognisers)]
    shipped = recogniser.Exported(members).eval()
    judged = [measured(shipped, path, options.work / f"recogniser_on_{rig}.npz") for rig, path in held_out.items()]
    ship(options, shipped, data, judged[-1]["temperature"])


def member(options, data, number):
    """One network, from the work folder if it is already there."""
    torch.manual_seed(150 + number)
    isda = recogniser.Isda()

    def batch_loss(network, generator, progress):
        motion, mask, label, units = data.batch(96, generator)
        known = (torch.rand(len(motion), generator=generator) < 0.5).float()
        motion, amplitude = normalised(motion, mask, known)
        return recogniser.loss(network, isda, motion, mask, amplitude, label, units, ISDA * progress)

    name, steps = f"recogniser_{number}", options.recogniser_steps
    return remembered(
        options, name, recogniser.Recogniser(),
        lambda network: fit(network, batch_loss, steps, 2e-3, 1e-2, 50 + number, name.replace("_", " ")),
    )


def ship(options, network, data, temperature):
    """Writes the file, its manifest entry, and the test vectors of the program."""
    motion, mask, _, _ = data.batch(1, torch.Generator().manual_seed(1))
    motion, amplitude = normalised(motion, mask, torch.ones(1))
    inputs, names, outputs = (motion, mask, amplitude), ["motion", "mask", "amplitude"], ["emotion", "units"]
    path = options.models / "recogniser.onnx"
    export.save_onnx(network, inputs, names, outputs, path)
    if options.models == MODELS:
        export.save_vectors(network, inputs, names, outputs, VECTORS / "recogniser.json")
    shapes = [("motion", [1, 3, 23, 2], None), ("mask", [1, 3], (0.0, 1.0)), ("amplitude", [1, 2], None)]
    results = [("emotion", [1, 3], None), ("units", [1, 15, 3], (0.0, 1.0))]
    # Below one half, the other two classes together are likelier.
    calibration = {"temperature": f"{temperature:.4f}", "abstain_below": 0.5}
    export.write_entry(options.models / "manifest.toml", path, "recognise", shapes, results, ORIGIN, calibration)


@torch.no_grad()
def measured(network, path, to=None):
    """What `network` makes of people it never saw, as the program measures them; into `to`, for plots.

    `temperature` is that of greatest likelihood on every second person, all three emotions being as
    likely; the others show how good it is.
    """
    data = Events([path])
    generator = torch.Generator().manual_seed(9)
    motion, mask = with_a_phase_missing(disturbed(data.motion, generator, MEASURED), data.mask, generator, 0.3)
    motion, amplitude = normalised(motion, mask, torch.ones(len(motion)))
    logits, units = zip(*(network.eval()(*part) for part in zip(motion.split(500), mask.split(500), amplitude.split(500))))
    logits, units = torch.cat(logits), torch.cat(units)
    fitted, label = logits[::2], data.label[::2]
    weights = len(label) / (3 * torch.bincount(label, minlength=3).float().clamp(min=1))

    def surprise(temperature):
        return float(F.cross_entropy(fitted / temperature, label, weight=weights))

    best = float(min(TEMPERATURES, key=surprise))
    found = {"logits": logits.numpy(), "units": units.numpy(), "label": data.label.numpy(), "moving": data.units.numpy(), "temperature": best}
    figures = scores(found)
    print(f"recogniser on {path.name}: UF1 {figures['uf1']:.3f}, UAR {figures['uar']:.3f}, "
          f"units with side F1 {figures['units_f1']:.3f}, temperature {best:.3f}")
    if to is not None:
        sizes = np.load(path)
        np.savez(to, **found, size_percent=sizes["size_percent"], noise_percent=sizes["noise_percent"])
    return found


def scores(found):
    """UF1 and UAR of emotions; F1 of action units, told with their side, over all of them."""
    confusion = np.zeros((3, 3))
    np.add.at(confusion, (found["label"], found["logits"].argmax(1)), 1)
    hits = np.diag(confusion)
    read = named_units(found["units"])
    right = ((read == found["moving"]) & (read > 0)).sum()
    return {
        "uf1": float((2 * hits / (confusion.sum(0) + confusion.sum(1)).clip(1)).mean()),
        "uar": float((hits / confusion.sum(1).clip(1)).mean()),
        "units_f1": float(2 * right / max(1, (read > 0).sum() + (found["moving"] > 0).sum())),
    }


def named_units(probabilities):
    """What the program names, `[N, 15]`: 0 nothing, 1 both halves, 2 left, 3 right."""
    return np.where(probabilities.sum(2) >= 0.5, probabilities.argmax(2) + 1, 0)
