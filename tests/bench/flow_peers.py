"""OpenCV's dense flow on the pairs that tests/bench/flow.rs sends. One thread."""

import sys
import time

import cv2
import numpy as np

SIDE = 256
cv2.setNumThreads(1)


def dis(preset):
    flow = cv2.DISOpticalFlow_create(preset)
    return lambda a, b: flow.calc(a, b, None)


tv_l1 = cv2.optflow.DualTVL1OpticalFlow_create()
QUICK = {
    "DIS_ultrafast": dis(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST),
    "DIS_fast": dis(cv2.DISOPTICAL_FLOW_PRESET_FAST),
    "DIS_medium": dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
    "Farneback": lambda a, b: cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0),
}
SLOW = {"TV-L1": lambda a, b: tv_l1.calc(a, b, None)}

print(f"ready: OpenCV {cv2.__version__}", flush=True)
read = sys.stdin.buffer.read
while head := read(1):
    a = np.frombuffer(read(SIDE * SIDE), np.uint8).reshape(SIDE, SIDE)
    b = np.frombuffer(read(SIDE * SIDE), np.uint8).reshape(SIDE, SIDE)
    face = np.frombuffer(read(SIDE * SIDE), np.uint8).reshape(SIDE, SIDE) > 0
    truth = np.frombuffer(read(8 * SIDE * SIDE), np.float32).reshape(SIDE, SIDE, 2)
    answers = []
    for name, method in (QUICK | SLOW if head[0] else QUICK).items():
        begun = time.perf_counter()
        flow = method(a, b)
        ms = 1e3 * (time.perf_counter() - begun)
        error = np.linalg.norm(flow - truth, axis=2)[face].mean()
        answers.append(f"{name}={ms}={error}")
    print(*answers, flush=True)
