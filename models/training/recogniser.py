"""The recogniser: a graph of facial regions over three phases to an emotion and action units.

A reconstruction of AGAT (Zhang et al., ICME 2023) from the authors' abstract: adaptive graph
attention over regions, temporal fusion of key moments, implicit semantic data augmentation (ISDA).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from fitting import mirrored

PHASES, REGIONS, CLASSES, UNITS = 3, 23, 3, 15
# Numbers that a movement is told in, before emotion and units are read from them.
FEATURES = 128
# Where the regions lie on an average face, outer-eye distances from the nose tip (the regions' order).
POSITIONS = torch.tensor([
    [-0.55, -0.63], [-0.43, -0.66], [-0.27, -0.65], [0.27, -0.65], [0.43, -0.66], [0.55, -0.63],
    [0.0, -0.25], [0.0, 0.0], [-0.28, 0.44], [0.0, 0.32], [0.28, 0.44], [0.0, 0.54],
    [-0.37, -0.30], [0.37, -0.30], [-0.36, 0.07], [0.36, 0.07], [-0.14, 0.17], [0.14, 0.17],
    [0.0, 0.72], [-0.13, -0.62], [0.13, -0.62], [-0.36, 0.56], [0.36, 0.56],
])
MIRRORED = [5, 4, 3, 2, 1, 0, 6, 7, 10, 9, 8, 11, 13, 12, 15, 14, 17, 16, 18, 20, 19, 22, 21]
# Regions that move together, by action unit.
UNIT_REGIONS = [
    [2, 3, 19, 20], [0, 1, 4, 5], [0, 1, 2, 3, 4, 5, 19, 20], [12, 13], [12, 13, 14, 15], [6, 7, 9, 16, 17],
    [9, 16, 17, 14, 15], [8, 10, 14, 15, 21, 22], [8, 10, 21, 22], [8, 10, 18, 21, 22], [11, 18], [8, 9, 10, 11],
]


def co_occurrence():
    bias = torch.zeros(REGIONS, REGIONS)
    for regions in UNIT_REGIONS:
        for i in regions:
            for j in regions:
                bias[i, j] += 0.5
    return bias


def without_head():
    """`[23, 23]`: takes from each component what is affine in the regions' places."""
    places = torch.cat([torch.ones(REGIONS, 1), POSITIONS], 1).double()
    explained = places @ torch.linalg.pinv(places)
    return (torch.eye(REGIONS, dtype=torch.double) - explained).float()


class GraphAttention(nn.Module):
    """softmax_j(LeakyReLU(a_l·Wx_i + a_r·Wx_j) + B_ij), several heads, with a residual."""

    def __init__(self, width, heads=4):
        super().__init__()
        self.heads, self.each = heads, width // heads
        self.linear = nn.Linear(width, width, bias=False)
        self.ends = nn.Linear(width, 2 * heads, bias=False)
        self.bias = nn.Parameter(co_occurrence()[None].repeat(heads, 1, 1))
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        b = x.shape[0]
        h = self.linear(x)
        each = h.reshape(b, REGIONS, self.heads, self.each).permute(0, 2, 1, 3)
        y = torch.matmul(self.attention(h), each).permute(0, 2, 1, 3).reshape(b, REGIONS, -1)
        return self.norm(x + self.out(F.relu(y)))

    def attention(self, h):
        """How much each region listens to each other one, `[B, heads, 23, 23]`."""
        left, right = self.ends(h).permute(0, 2, 1).split(self.heads, 1)
        return torch.softmax(F.leaky_relu(left.unsqueeze(3) + right.unsqueeze(2), 0.2) + self.bias, 3)


class Recogniser(nn.Module):
    """`motion` `[B, 3, 23, 2]` at unit size, `mask` `[B, 3]`, `amplitude` `[B, 2]` (log size, known).

    A graph in each phase, the phases fused, a graph of the whole movement, and a readout that knows which
    region is which where `places` is set.
    """

    layer = GraphAttention

    def __init__(self, places=True, narrow=32, width=64, dropout=0.2):
        super().__init__()
        self.register_buffer("steady", without_head(), persistent=False)
        self.embed = nn.Linear(6, narrow)
        self.region = nn.Parameter(torch.randn(REGIONS, narrow) * 0.3)
        self.phase = nn.Parameter(torch.randn(PHASES, narrow) * 0.1)
        self.norm = nn.LayerNorm(narrow)
        self.in_phase = self.layer(narrow)
        self.query = nn.Linear(narrow, 1)
        self.widen = nn.Linear(3 * narrow, width)
        self.wide_norm = nn.LayerNorm(width)
        self.over_phases = self.layer(width)
        self.by_region = nn.Linear(width, 8) if places else None
        self.read = nn.Linear(2 * width + 8 * REGIONS * places + 2, FEATURES)
        self.dropout = nn.Dropout(dropout)
        self.emotion = nn.Linear(FEATURES, CLASSES)
        self.units = nn.Linear(FEATURES, UNITS * 4)

    def features(self, motion, mask, amplitude):
        b = motion.shape[0]
        x = self.norm(self.embed(self.views(motion)) * 2.0 + self.region + self.phase[:, None, :])
        x = self.in_phase(x.reshape(b * PHASES, REGIONS, -1)).reshape(b, PHASES, REGIONS, -1)
        x = self.over_phases(self.wide_norm(F.relu(self.widen(self.fused(x, mask)))))
        parts = [x.mean(1), x.max(1)[0]]
        if self.by_region is not None:
            parts.append(F.relu(self.by_region(x)).flatten(1))
        return F.relu(self.read(torch.cat([*parts, amplitude], 1)))

    def views(self, motion):
        """As it is, without what a moving head explains, and against the other half of the face."""
        return torch.cat([motion, torch.matmul(self.steady, motion), motion - mirrored(motion, MIRRORED)], 3)

    def fused(self, x, mask):
        """Temporal fusion: each phase as far as it is there and tells something, their mean, and the rise to the apex."""
        score = self.query(x.mean(2)).squeeze(2) + (mask - 1.0) * 1e4
        weight = torch.softmax(score, 1)[:, :, None, None]
        apex = x[:, 1] * mask[:, 1, None, None]
        return torch.cat([(x * weight).sum(1), mean_of_phases(x, mask), apex], 2)

    def forward(self, motion, mask, amplitude):
        """Emotion logits `[B, 3]`, unit logits `[B, 15, 4]` (none, both, left, right), features."""
        h = self.features(motion, mask, amplitude)
        d = self.dropout(h)
        return self.emotion(d), self.units(d).reshape(-1, UNITS, 4), h


def mean_of_phases(x, mask):
    return (x * mask[:, :, None, None]).sum(1) / mask.sum(1).clamp(min=1.0)[:, None, None]


class Exported(nn.Module):
    """What ships: the mean over members and over the mirrored face; unit probabilities `[1, 15, 3]`."""

    def __init__(self, members):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, motion, mask, amplitude):
        b = motion.shape[0]
        both = torch.cat([motion, mirrored(motion, MIRRORED)], 0)
        twice = torch.cat([mask, mask], 0), torch.cat([amplitude, amplitude], 0)
        emotion, units = 0.0, 0.0
        for member in self.members:
            e, u, _ = member(both, *twice)
            emotion = emotion + e / len(self.members)
            units = units + torch.softmax(u, 2) / len(self.members)
        units = units[:b] + units[b:][:, :, [0, 1, 3, 2]]
        return (emotion[:b] + emotion[b:]) / 2, units[:, :, 1:] / 2


def loss(network, isda, motion, mask, amplitude, label, units, strength):
    """Cross entropies of emotion, with ISDA at `strength`, and of units."""
    emotion, unit_logits, features = network(motion, mask, amplitude)
    isda.update(features.detach(), label)
    emotion = isda.augmented(emotion, network.emotion.weight, label, strength)
    counts = torch.bincount(label, minlength=CLASSES).float().clamp(min=1.0)
    weights = len(label) / (CLASSES * counts)
    by_emotion = F.cross_entropy(emotion, label, weight=weights, label_smoothing=0.05)
    by_units = F.cross_entropy(unit_logits.reshape(-1, 4), units.reshape(-1))
    return by_emotion + 2.0 * by_units


class Isda:
    """Implicit semantic data augmentation (Wang et al., NeurIPS 2019): the classes' feature covariances."""

    def __init__(self, width=FEATURES):
        self.mean = torch.zeros(CLASSES, width)
        self.covariance = torch.zeros(CLASSES, width, width)
        self.count = torch.zeros(CLASSES)

    @torch.no_grad()
    def update(self, features, labels, momentum=0.02):
        for c in range(CLASSES):
            x = features[labels == c]
            if len(x) < 2:
                continue
            share = max(momentum, 1.0 / (float(self.count[c]) + 1.0))
            self.count[c] += 1
            mean = x.mean(0)
            centred = x - mean
            shift = (mean - self.mean[c])[:, None]
            self.covariance[c] = (1 - share) * self.covariance[c] + share * (
                centred.T @ centred / len(x) + (1 - share) * shift @ shift.T
            )
            self.mean[c] = (1 - share) * self.mean[c] + share * mean

    def augmented(self, logits, weight, labels, strength):
        """logits_j + (λ/2)(w_j − w_y)ᵀ Σ_y (w_j − w_y)."""
        difference = weight[None, :, :] - weight[:, None, :]
        spread = torch.einsum("yjd,yde,yje->yj", difference, self.covariance, difference)
        return logits + 0.5 * strength * spread[labels]
