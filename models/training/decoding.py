"""The program's decoding in Python, to compare many networks quickly.

`fleeting evaluate` scores what ships. This file follows the spotter in src/pipeline: the same windows,
candidates and suppression. Only the network runs less often.
"""

from dataclasses import dataclass, field

import numpy as np
import torch

WINDOW, HOP, GRID_HZ = 128, 24, 30.0
MAX_SIDE_ROWS = (15.0, 120.0)
SAME_EVENT_IOU, CONFIRM_SECS, REMEMBER_SECS = 0.3, 0.1, 2.0
SCORES = (0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.24, 0.28, 0.32, 0.36, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)


@dataclass
class Stream:
    """One recording: motion `[rows, 12, 2]` on the grid, the times of its frames, its true events."""

    motion: np.ndarray
    times: np.ndarray
    events: list = field(default_factory=list)
    rows: np.ndarray = None

    def minutes(self):
        return len(self.times) / 60 / (1 / np.diff(self.times).mean())


def segments(path, keep=None):
    """The segments of a set of `fleeting synth --features spotting`; `keep` chooses among them."""
    file = np.load(path)
    events = file["events"]
    chosen = range(len(file["motion"])) if keep is None else np.flatnonzero(keep(file))
    by_segment = [[] for _ in range(len(file["motion"]))]
    for n, row in enumerate(events):
        by_segment[row[0]].append((*row[1:].tolist(), n))
    motion = file["motion"]
    times = (np.arange(motion.shape[1]) + 1) / GRID_HZ
    return [Stream(motion[s], times, by_segment[s]) for s in chosen]


def released(path):
    """The videos of a `spotting*.npz` as `fleeting evaluate spotting` reads them, on the grid."""
    file = np.load(path)
    streams = []
    for v, (fps, eye) in enumerate(zip(file["fps"], file["eye_distance_px"])):
        path_percent = np.cumsum(file["motion"][file["video"] == v].astype(np.float64), 0) * 100 / eye
        path_percent = np.concatenate([np.zeros((1, 12, 2)), path_percent])
        times = np.arange(len(path_percent)) / fps
        grid = np.arange(int(times[-1] * GRID_HZ + 1e-6) + 1) / GRID_HZ
        flat = path_percent.reshape(len(times), -1)
        on_grid = np.stack([np.interp(grid, times, column) for column in flat.T], 1)
        motion = np.diff(on_grid, axis=0).reshape(-1, 12, 2).astype(np.float32)
        events = [tuple(e[1:].tolist()) + (n,) for n, e in enumerate(file["events"]) if e[0] == v]
        streams.append(Stream(motion, times[1:], events))
    return streams


@torch.no_grad()
def outputs(network, streams, look_ahead, hop=HOP):
    """`[rows, 6]` for each stream: each row comes from the window that ends when the row has just become final."""
    results = []
    for stream in streams:
        rows = len(stream.motion)
        ends = np.arange(hop, rows + max(look_ahead) + hop, hop)
        padded = np.zeros((WINDOW + ends[-1], 12, 2), np.float32)
        padded[WINDOW : WINDOW + rows] = stream.motion
        windows = torch.from_numpy(np.stack([padded[e : e + WINDOW] for e in ends]))
        out = network(windows).numpy()
        result = np.zeros((rows, 6), np.float32)
        for kind, ahead in enumerate(look_ahead):
            row = np.arange(rows)
            window = np.clip(np.ceil((row + ahead + 1) / hop).astype(int) - 1, 0, len(ends) - 1)
            at = WINDOW - (ends[window] - row)
            fits = at >= 0
            result[fits, 3 * kind : 3 * kind + 3] = out[window[fits], at[fits], 3 * kind : 3 * kind + 3]
            result[:, 3 * kind + 1 : 3 * kind + 3] = result[:, 3 * kind + 1 : 3 * kind + 3].clip(0, MAX_SIDE_ROWS[kind])
        results.append(result)
    return results


def overlap(a, b):
    """Intersection over union of two spans of time."""
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    union = a[2] - a[0] + b[2] - b[0] - shared
    return shared / union if union > 0 else 1.0


def flags(result, stream, kind, threshold, look_ahead):
    """Spans (onset, apex, offset, score) in seconds that the program would flag."""
    times = stream.times
    rows = np.clip(np.round(times * GRID_HZ).astype(int) - 1, 0, len(result) - 1)
    score = result[rows, 3 * kind]
    pending, given, all_given = [], [], []
    ahead = look_ahead[kind] / GRID_HZ

    def settle(judged):
        nonlocal pending, given
        due = [c for c in pending if judged - c[1] >= CONFIRM_SECS - 1e-9 and judged + ahead >= c[2]]
        pending = [c for c in pending if c not in due]
        given += due
        all_given.extend(due)
        given = [c for c in given if judged - c[2] <= REMEMBER_SECS]

    for i in np.flatnonzero(score >= threshold).tolist():
        if i:
            settle(times[i - 1])
        rise, fall = result[rows[i], 3 * kind + 1 : 3 * kind + 3] / GRID_HZ
        new = (times[i] - rise, times[i], times[i] + fall, float(score[i]))
        if any(overlap(c, new) > SAME_EVENT_IOU for c in given):
            continue
        if any(overlap(c, new) > SAME_EVENT_IOU and c[3] >= new[3] for c in pending):
            continue
        pending = [c for c in pending if overlap(c, new) <= SAME_EVENT_IOU]
        pending.append(new)
    return sorted(all_given + pending, key=lambda c: c[1])


def in_frames(span, times):
    """Onset and offset as the nearest frames, numbered as the events are."""
    first = np.abs(times - span[0]).argmin()
    last = np.abs(times - span[2]).argmin()
    return first, last


def matched(proposals, events):
    """Pairs of a proposal and the event it overlaps by half, greedily by proposal."""
    free, pairs = list(range(len(events))), []
    for p, (first, last) in enumerate(proposals):
        for e in free:
            onset, _, offset = events[e][:3]
            shared = min(last, offset) - max(first, onset) + 1
            union = (last - first + 1) + (offset - onset + 1) - shared
            if shared > 0 and shared / union >= 0.5:
                pairs.append((p, e))
                free.remove(e)
                break
    return pairs


def counts(results, streams, limits, look_ahead, shift=0):
    """Hits, proposals and events, `[2, 3]` for micro and macro."""
    found = np.zeros((2, 3), int)
    for result, stream in zip(results, streams):
        for kind in range(2):
            given = flags(result, stream, kind, limits[kind], look_ahead)
            spans = [in_frames(s, stream.times) for s in given]
            spans = [(a + shift, b + shift) for a, b in spans]
            events = [e for e in stream.events if e[3] == kind]
            found[kind] += len(matched(spans, events)), len(spans), len(events)
    return found


def f1(c):
    return 2 * c[0] / max(1, c[1] + c[2])


def thresholds(results, streams, look_ahead, per_minute):
    """The lowest thresholds that give so many flags a minute of each kind where no event is."""
    minutes = sum(s.minutes() for s in streams)
    found = []
    for kind in range(2):
        above, score = (0.0, 1.0), 0.0
        # From above: low scores cost most.
        for score in SCORES[::-1]:
            rate = sum(len(flags(r, s, kind, score, look_ahead)) for r, s in zip(results, streams)) / minutes
            if rate > per_minute:
                span = np.log([max(above[0], 1e-3), per_minute, rate])
                part = (span[2] - span[1]) / (span[2] - span[0])
                score += part * (above[1] - score)
                break
            above = max(above[0], rate), score
        found.append(float(score))
    return found
