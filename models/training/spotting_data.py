"""Labelled motion for the spotter, as the program will see it."""

import numpy as np
import torch

from fitting import mirrored
from spotter import MIRRORED, WINDOW

# How near to an apex a row must lie, rows: a base and a share of the event's length. The published
# targets reach 1 row to each side for micro and 3 for macro.
APEX_SPREAD = ((1.5, 0.0), (2.0, 0.1))
# Rows at the start of a window that see too little past to be judged.
BLIND_ROWS = 24


def targets(events, rows):
    """`[rows, 2, 4]` from events (onset, apex, offset, kind): nearness to an apex, rise, fall, weight."""
    t = np.zeros((rows, 2, 4), np.float16)
    t[..., 3] = 1.0
    for onset, apex, offset, kind in events:
        base, share = APEX_SPREAD[kind]
        spread = base + share * (offset - onset)
        reach = int(np.ceil(2.5 * spread))
        for row in range(max(0, apex - reach, onset), min(rows, apex + reach + 1, offset + 1)):
            near = np.exp(-((row - apex) ** 2) / (2 * spread**2))
            if near > t[row, kind, 0]:
                t[row, kind, :3] = near, row - onset, offset - row
    return t


class SpottingData:
    """Segments of motion (keys `motion` and `events`, as `fleeting synth` writes them) with their targets."""

    def __init__(self, paths):
        motion, marks = [], []
        for path in paths:
            file = np.load(path)
            motion.append(file["motion"])
            count, rows = motion[-1].shape[:2]
            by_segment = [[] for _ in range(count)]
            for segment, *event in file["events"]:
                by_segment[segment].append(event)
            marks.append(np.stack([targets(events, rows) for events in by_segment]))
        self.motion = torch.from_numpy(np.concatenate(motion))
        self.targets = torch.from_numpy(np.concatenate(marks))

    def batch(self, count, generator):
        """Augmented windows of random segments and their targets."""
        segment = torch.randint(0, len(self.motion), (count, 1), generator=generator)
        start = torch.randint(0, self.motion.shape[1] - WINDOW + 1, (count, 1), generator=generator)
        rows = start + torch.arange(WINDOW)
        return augmented(self.motion[segment, rows], self.targets[segment, rows].float(), generator)


def augmented(x, y, generator):
    """Faces mirrored, sizes and noise varied beyond the generator's, streams that begin in the window."""
    n = len(x)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    flip = (rand(n) < 0.5)[:, None, None, None]
    x = torch.where(flip, mirrored(x, MIRRORED), x)
    x = x * torch.exp(rand(n, 1, 1, 1) - 0.5)
    x = x + torch.randn(x.shape, generator=generator) * 0.06 * rand(n, 1, 1, 1) ** 2
    begin = torch.where(rand(n, 1) < 0.1, rand(n, 1) * 0.7 * WINDOW, torch.zeros(n, 1))
    row = torch.arange(WINDOW)[None, :]
    x = x * (row >= begin).float()[:, :, None, None]
    weight = y[..., 3:] * (row >= begin.clamp(min=BLIND_ROWS)).float()[:, :, None, None]
    return x, torch.cat([y[..., :3], weight], 3)
