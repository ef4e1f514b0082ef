"""Writes networks as ONNX, their manifest entries, and test vectors for the program."""

import hashlib
import inspect
import json
import re

import torch


def save_onnx(network, inputs, names, outputs, path):
    """Uses only operations that ONNX Runtime and rten both run; shapes are fixed."""
    options = {"opset_version": 13, "input_names": names, "output_names": outputs}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    network.eval()
    torch.onnx.export(network, inputs, str(path), **options)


def save_vectors(network, inputs, names, outputs, path):
    """Writes PyTorch's outputs for `inputs`, for the parity test of the program."""
    with torch.no_grad():
        results = network(*inputs)
    results = results if isinstance(results, tuple) else (results,)
    tensors = dict(zip(names + outputs, (*inputs, *results)))
    text = {name: [float(f"{v:.6g}") for v in tensor.flatten().tolist()] for name, tensor in tensors.items()}
    text["from"] = f"PyTorch {torch.__version__.split('+')[0]}, models/training/train.py"
    path.write_text(json.dumps(text, separators=(",", ":")) + "\n")


def toml_pairs(pairs):
    return "[" + ", ".join(f"[{score:.4g}, {rate:.4g}]" for score, rate in pairs) + "]"


def toml_tensors(tensors):
    parts = []
    for name, shape, limits in tensors:
        limits = f", range = [{limits[0]}, {limits[1]}]" if limits else ""
        parts.append(f'{{ name = "{name}", shape = {list(shape)}{limits} }}')
    return "[" + ", ".join(parts) + "]"


def write_entry(manifest, model, task, inputs, outputs, origin, calibration):
    """Writes the entry of the file `model` into `manifest`; an older entry is replaced."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    entry = [
        f'file = "{model.name}"',
        f'sha256 = "{digest}"',
        f'task = "{task}"',
        f"inputs = {toml_tensors(inputs)}",
        f"outputs = {toml_tensors(outputs)}",
        'licence = "MIT OR Apache-2.0"',
        f'origin = "{origin}"',
        "",
        "[model.calibration]",
        *(f"{key} = {value}" for key, value in calibration.items()),
    ]
    text = manifest.read_text() if manifest.exists() else "# What each model file is."
    blocks = re.split(r"(?m)^(?=\[\[model\]\])", text)
    kept = [block.rstrip() for block in blocks if f'file = "{model.name}"' not in block]
    manifest.write_text("\n\n".join([*kept, "[[model]]\n" + "\n".join(entry)]) + "\n")
