"""The recogniser: a graph of facial regions over three phases to an emotion and action units.

A reconstruction of AGAT (Zhang et al., ICME 2023) from what its authors say of it: adaptive graph
attention over regions, temporal fusion of key moments, implicit semantic data augmentation (ISDA).
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from fitting import mirrored

PHASES, REGIONS, CLASSES, UNITS = 3, 23, 3, 15
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


class GraphAttention(nn.Module):
    """softmax_j(LeakyReLU(a_l·Wx_i + a_r·Wx_j) + B_ij), several heads, with a residual."""

    def __init__(self, width, heads=4, dropout=0.1):
        super().__init__()
        self.heads, self.each = heads, width // heads
        self.linear = nn.Linear(width, width, bias=False)
        self.left = nn.Parameter(torch.randn(heads, self.each) * 0.2)
        self.right = nn.Parameter(torch.randn(heads, self.each) * 0.2)
        self.bias = nn.Parameter(co_occurrence()[None].repeat(heads, 1, 1))
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        b = x.shape[0]
        h = self.linear(x).reshape(b, REGIONS, self.heads, self.each).permute(0, 2, 1, 3)
        left = (h * self.left[None, :, None, :]).sum(3).unsqueeze(3)
        right = (h * self.right[None, :, None, :]).sum(3).unsqueeze(2)
        attention = torch.softmax(F.leaky_relu(left + right, 0.2) + self.bias[None], 3)
        y = torch.matmul(attention, h).permute(0, 2, 1, 3).reshape(b, REGIONS, -1)
        return self.norm(x + self.dropout(self.out(F.elu(y))))


class Recognizer(nn.Module):
    """`motion` `[B, 3, 23, 2]` at unit size, `mask` `[B, 3]`, `amplitude` `[B, 2]` (log size, known)."""

    def __init__(self, width=64, dropout=0.2):
        super().__init__()
        self.embed = nn.Linear(2, width)
        self.region = nn.Parameter(torch.randn(REGIONS, width) * 0.3)
        self.phase = nn.Parameter(torch.randn(PHASES, width) * 0.1)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(GraphAttention(width, dropout=dropout) for _ in range(2))
        self.query = nn.Linear(width, 1)
        self.read = nn.Linear(4 * width + 2, 128)
        self.dropout = nn.Dropout(dropout)
        self.emotion = nn.Linear(128, CLASSES)
        self.units = nn.Linear(128, UNITS * 4)

    def features(self, motion, mask, amplitude):
        b = motion.shape[0]
        x = self.norm(self.embed(motion) * 2.0 + self.region + self.phase[:, None, :])
        x = x.reshape(b * PHASES, REGIONS, -1)
        for layer in self.layers:
            x = layer(x)
        x = x.reshape(b, PHASES, REGIONS, -1)
        # Temporal fusion: each phase as far as it is there and tells something, beside the rise to the apex.
        score = self.query(x.mean(2)).squeeze(2) + (mask - 1.0) * 1e4
        weight = torch.softmax(score, 1)[:, :, None, None]
        fused = (x * weight).sum(1)
        apex = x[:, 1] * mask[:, 1, None, None]
        both = torch.cat([fused, apex], 2)
        both = torch.cat([both.mean(1), both.max(1)[0], amplitude], 1)
        return F.relu(self.read(both))

    def forward(self, motion, mask, amplitude):
        """Emotion logits `[B, 3]`, unit logits `[B, 15, 4]` (none, both, left, right), features."""
        h = self.features(motion, mask, amplitude)
        d = self.dropout(h)
        return self.emotion(d), self.units(d).reshape(-1, UNITS, 4), h


class Exported(nn.Module):
    """What ships: the mean over members and over the mirrored face; unit probabilities `[1, 15, 3]`."""

    def __init__(self, members):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, motion, mask, amplitude):
        other = mirrored(motion, MIRRORED)
        emotion, units = 0.0, 0.0
        for member in self.members:
            e, u, _ = member(motion, mask, amplitude)
            me, mu, _ = member(other, mask, amplitude)
            u, mu = torch.softmax(u, 2), torch.softmax(mu, 2)
            emotion = emotion + (e + me) / (2 * len(self.members))
            units = units + (u + mu[:, :, [0, 1, 3, 2]]) / (2 * len(self.members))
        return emotion, units[:, :, 1:]


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

    def __init__(self, width=128):
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
        difference = weight[None, :, :] - weight[labels][:, None, :]
        spread = torch.einsum("bjd,bde,bje->bj", difference, self.covariance[labels], difference)
        return logits + 0.5 * strength * spread
