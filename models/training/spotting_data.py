"""Labelled motion for the spotter, as the program measures it."""

import numpy as np
import torch

from fitting import mirrored
from sets import arrays
from spotter import MIRRORED, REGIONS, WINDOW

# How near to an apex a row must lie, rows: a base and a share of the event's length. The published
# targets reach 1 row to each side for micro and 3 for macro.
APEX_SPREAD = ((1.5, 0.0), (2.0, 0.1))
# Part of the windows in which a stream begins. A spotter that saw few of them flags in the first seconds,
# before it knows how lively the recording is.
BEGINNING = 0.3
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
    """Segments of motion (keys `motion` and `events`, as `fleeting synth` writes them) with their targets.

    Sets may differ in the length of their segments: all rows lie one behind the other, and `starts`
    says where a window fits into one segment. `keep` chooses segments of a file.
    """

    def __init__(self, paths, keep=None):
        motion, marks, starts = [], [], []
        offset = 0
        for path in paths:
            arrays(path, {"motion": ("N", "T", REGIONS, 2), "events": ("E", 5)})
            file = np.load(path)
            segments = file["motion"]
            count, rows = segments.shape[:2]
            by_segment = [[] for _ in range(count)]
            for segment, *event in file["events"]:
                by_segment[segment].append(event)
            chosen = np.arange(count) if keep is None else np.flatnonzero(keep(file))
            motion.append(segments[chosen].reshape(-1, *segments.shape[2:]))
            marks.append(np.concatenate([targets(by_segment[n], rows) for n in chosen]))
            first = offset + rows * np.arange(len(chosen))[:, None]
            starts.append((first + np.arange(rows - WINDOW + 1)).ravel())
            offset += rows * len(chosen)
        self.motion = torch.from_numpy(np.concatenate(motion))
        self.targets = torch.from_numpy(np.concatenate(marks))
        self.starts = torch.from_numpy(np.concatenate(starts))

    def batch(self, count, generator, disturbed=True, beginning=BEGINNING):
        """Augmented windows of random segments and their targets."""
        start = self.starts[torch.randint(0, len(self.starts), (count, 1), generator=generator)]
        rows = start + torch.arange(WINDOW)
        return augmented(self.motion[rows], self.targets[rows].float(), generator, disturbed, beginning)


def augmented(x, y, generator, disturbed=True, beginning=BEGINNING):
    """Faces mirrored, sizes and noise varied beyond the generator's, streams that begin in the window."""
    n = len(x)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    flip = (rand(n) < 0.5)[:, None, None, None]
    x = torch.where(flip, mirrored(x, MIRRORED), x)
    if disturbed:
        x = x * torch.exp(rand(n, 1, 1, 1) - 0.5)
        x = x + torch.randn(x.shape, generator=generator) * 0.06 * rand(n, 1, 1, 1) ** 2
    begin = torch.where(rand(n, 1) < beginning, rand(n, 1) * 0.9 * WINDOW, torch.zeros(n, 1))
    row = torch.arange(WINDOW)[None, :]
    x = x * (row >= begin).float()[:, :, None, None]
    weight = y[..., 3:] * (row >= begin.clamp(min=BLIND_ROWS)).float()[:, :, None, None]
    return x, torch.cat([y[..., :3], weight], 3)
