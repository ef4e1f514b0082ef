"""AUW-GCN as published (Yin et al., ICME 2023; 39,248 parameters), the baseline.

It has the inputs and outputs of the shipped spotter. Its search for start and end is part of the network, so the
program runs, calibrates and scores it like any other. It differs from the publication in four points: our unit
of motion, windows of 128 rows, neutral windows in the training, and the optimiser of `fitting`.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

REGIONS = 12
# AU1, AU2, AU12 and AU14, AU25 and AU26, as published: AU4 has no edge, the nose has none at all.
UNIT_REGIONS = [[0, 1, 4, 5], [2, 3], [8, 10], [9, 11]]
# Rows from an apex back to its start and on to its end, and lengths that are accepted.
SEARCH = ((2, 7), (7, 29))
LENGTH = ((5, 30), (15, 88))
# The network sees five rows ahead, the search the rest.
LOOK_AHEAD = (12, 34)
# How far targets reach round a labelled row.
REACH = (1, 3)
# Standard deviation of the motion in percent, the counterpart of the published 0.6 px.
SCALE = 0.3


def adjacency():
    a = torch.zeros(REGIONS, REGIONS)
    for regions in UNIT_REGIONS:
        for i in regions:
            for j in regions:
                a[i, j] += 1.0
    return a / a.sum(1, keepdim=True).clamp(min=1.0)


class AuwGcn(nn.Module):
    """Logits `[B, T, 10]`: start, end, none for micro and macro; apexes; actions."""

    def __init__(self):
        super().__init__()
        self.register_buffer("adjacency", adjacency())
        self.linear = nn.Linear(2, 16, bias=False)
        self.bias = nn.Parameter(torch.zeros(16))
        self.norm = nn.BatchNorm1d(16)
        self.convs = nn.Sequential(
            nn.Conv1d(192, 64, 1, bias=False), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Conv1d(64, 64, 3, padding=1, bias=False), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Conv1d(64, 64, 3, padding=2, dilation=2, bias=False), nn.BatchNorm1d(64), nn.ReLU(),
            nn.Conv1d(64, 10, 3, padding=2, dilation=2, bias=False),
        )

    def forward(self, motion):
        b, t = motion.shape[:2]
        h = torch.matmul(self.adjacency, self.linear(motion / SCALE)) + self.bias
        h = F.relu(self.norm(h.reshape(-1, 16, 1))).reshape(b, t, REGIONS * 16)
        return self.convs(h.transpose(1, 2)).transpose(1, 2)


def focal_apex(p, target, alpha):
    p = p.clamp(1e-5, 1 - 1e-5)
    hit = alpha * (target - p).abs() * (target > 0) * torch.log(p + 1e-5)
    rest = (1 - alpha) * (target + 0.16 - p).abs() * (target == 0) * torch.log(1 - p + 1e-5)
    return -(hit + rest).mean()


def labels(targets):
    """Start/end classes, apex and action from the spotter's targets (nearness, rise, fall, weight)."""
    b, t, _ = targets[..., 0].shape
    row = torch.arange(t)[None, :].float()
    found = []
    for kind, reach in enumerate(REACH):
        near, rise, fall = (targets[:, :, kind, i] for i in range(3))
        start_end = torch.full((b, t), 2)
        action = torch.zeros(b, t)
        apex = torch.zeros(b, t)
        for at, peak in (near >= 0.999).nonzero().tolist():
            first, last = peak - int(rise[at, peak]), peak + int(fall[at, peak])
            start_end[at].masked_fill_((row[0] - first).abs() <= reach, 0)
            start_end[at].masked_fill_((row[0] - last).abs() <= reach, 1)
            action[at].masked_fill_((row[0] >= first) & (row[0] <= last), 1.0)
            bell = torch.exp(-((row[0] - peak) ** 2) / 32) * ((row[0] - peak).abs() <= reach)
            apex[at] = torch.maximum(apex[at], bell)
        found.append((start_end, apex, action))
    return found


def loss(logits, targets):
    """1.8 apex + start/end + 0.1 action for micro, and 0.6 of (1, 1, 0.1) for macro."""
    total = 0.0
    for kind, (start_end, apex, action) in enumerate(labels(targets)):
        log_p = torch.log_softmax(logits[..., 3 * kind:3 * kind + 3], 2)
        chosen = log_p.gather(2, start_end[..., None]).squeeze(2)
        alpha = torch.tensor([0.45, 0.45, 0.10])[start_end]
        boundary = -(alpha * (1 - chosen.exp()) * chosen).mean()
        at_apex = focal_apex(torch.sigmoid(logits[..., 6 + kind]), apex, 0.9)
        in_action = focal_apex(torch.sigmoid(logits[..., 8 + kind]), action, 0.8)
        weights = (1.8, 1.0, 0.1) if kind == 0 else (0.6, 0.6, 0.06)
        total = total + weights[0] * at_apex + weights[1] * boundary + weights[2] * in_action
    return total


class Exported(nn.Module):
    """The published decoding up to suppression, as `[1, T, 6]`: score, rise, fall by kind."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, motion):
        logits = self.network(motion)
        parts = []
        for kind, ((least, most), (shortest, longest)) in enumerate(zip(SEARCH, LENGTH)):
            p = torch.softmax(logits[..., 3 * kind:3 * kind + 3], 2)
            start, start_else, rise = best(p[..., 0], p[..., 1], -most, -least)
            end, end_else, fall = best(p[..., 1], p[..., 0], least, most)
            rise = most - rise
            fall = least + fall
            length = rise + fall + 1
            fits = (start > start_else) & (end > end_else) & (length >= shortest) & (length <= longest)
            score = start * end * torch.sigmoid(logits[..., 6 + kind]) * fits.float()
            parts += [score, rise, fall]
        return torch.stack(parts, 2)


def best(p, other, first, last):
    """The greatest `p` from `first` to `last` rows after each row, the `other` there, and which it was."""
    shifts = range(first, last + 1)
    t = p.shape[1]

    def shifted(x):
        padded = F.pad(x, (-min(first, 0), max(last, 0)))
        offset = -min(first, 0)
        return torch.stack([padded[:, offset + s:offset + s + t] for s in shifts], 2)

    p, other = shifted(p), shifted(other)
    greatest = p.amax(2)
    is_best = (p >= greatest[..., None]).float()
    count = torch.arange(len(shifts)).float()
    # The first of equals: the largest index value counted from the end.
    index = len(shifts) - 1 - (is_best * (len(shifts) - 1 - count)).amax(2)
    other = (other * (count == index[..., None]).float()).sum(2)
    return greatest, other, index
