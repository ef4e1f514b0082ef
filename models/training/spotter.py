"""The spotter: motion of twelve regions over time to scores and intervals.

Input `[1, T, 12, 2]`, percent of the outer-eye distance per 1/30 s. Output `[1, T, 6]`: for micro, then
for macro, the probability that an event has its apex at this row, the rows from its onset to here, and
the rows from here to its offset.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


WINDOW = 128
REGIONS = 12
# Rows after a row that its outputs may depend on. The program waits three more for its next look and
# three for a better apex, which makes twelve for micro.
LOOK_AHEAD = (7, 18)
# Rows whose motion is also seen as one step each: what moves slowly stands out of the noise there.
SUMS = (4, 12)
# Typical rise and fall in rows (specs of the generator): where the network starts from.
TYPICAL_SIDES = ((5.0, 7.0), (14.0, 24.0))
# Mean log speed of a window, over the generator's recordings, and how many rows it weighs.
TYPICAL_LEVEL, PRIOR_ROWS = -2.4, 12.0
# The region on the other half of the face.
MIRRORED = [5, 4, 3, 2, 1, 0, 6, 7, 10, 9, 8, 11]
# Regions that move together by action unit: 1 inner brows, 2 outer brows, 4 both, 12 and 14 mouth
# corners, 25 and 26 lips; the nose with its wings' neighbours for 9 and 10.
UNIT_REGIONS = [[1, 2, 3, 4], [0, 1, 4, 5], [0, 1, 2, 3, 4, 5], [8, 10], [9, 11], [6, 7, 9]]


def adjacency():
    """Rows sum to one; every region is its own neighbour."""
    a = torch.eye(REGIONS)
    for regions in UNIT_REGIONS:
        for i in regions:
            for j in regions:
                a[i, j] += 0.5
    return a / a.sum(1, keepdim=True)


class GraphConv(nn.Module):
    """A·X·W + b with fixed neighbours by action unit and a learned residual on them."""

    def __init__(self, inputs, outputs, neighbours, learned):
        super().__init__()
        self.register_buffer("fixed", neighbours)
        self.residual = nn.Parameter(torch.zeros(REGIONS, REGIONS), requires_grad=learned)
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x):
        mixed = F.linear(self.linear(x).transpose(2, 3), self.fixed + self.residual)
        return mixed.transpose(2, 3)


class CausalBlock(nn.Module):
    """A dilated convolution over the past, with a residual."""

    def __init__(self, width, dilation, dropout):
        super().__init__()
        self.past = 2 * dilation
        self.conv = nn.Conv1d(width, width, 3, dilation=dilation)
        self.norm = nn.BatchNorm1d(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, rows=None):
        """The last `rows` rows, or all of them."""
        rows = x.shape[2] if rows is None else rows
        x = x[:, :, -(rows + self.past):]
        x = F.pad(x, (max(0, rows + self.past - x.shape[2]), 0))
        return x[:, :, -rows:] + self.dropout(F.relu(self.norm(self.conv(x))))


def measured(x):
    """1 for a row that was measured, 0 for one of all zeros: `[B, T, 1]`."""
    return (x.abs().sum((2, 3)) * 1e6).clamp(0, 1).unsqueeze(2)


def log_level(x, m):
    """How much this face moves and how noisy it is: mean log speed over the window, `[B, 1, 1, 1]`.

    The logarithm keeps single movements from counting much. Where a stream has just begun, what is
    typical counts as `PRIOR_ROWS` rows beside the few that were seen.
    """
    speed = torch.sqrt((x * x).sum(3) + 1e-4)
    log = torch.log(speed).mean(2, keepdim=True) * m
    total = log.sum(1, keepdim=True) + PRIOR_ROWS * TYPICAL_LEVEL
    return (total / (m.sum(1, keepdim=True) + PRIOR_ROWS)).unsqueeze(3)


def summed(x, rows):
    """The motion of the last `rows` rows together."""
    flat = F.pad(x.flatten(2).transpose(1, 2), (rows - 1, 0))
    return F.conv1d(flat, torch.ones(2 * REGIONS, 1, rows), groups=2 * REGIONS).transpose(1, 2).reshape(x.shape)


class Spotter(nn.Module):
    """A graph convolution over the face, then dilated convolutions over the past of row t + look-ahead.

    The defaults ship; the rest is for `ablations.py`.
    """

    def __init__(
        self, width=64, graph=16, dilations=(1, 2, 4, 8, 16, 16), micro_blocks=4, dropout=0.1,
        look_ahead=LOOK_AHEAD, neighbours=None, learned=True, scaled=True, sums=SUMS,
    ):
        super().__init__()
        self.look_ahead, self.scaled, self.sums = look_ahead, scaled, sums
        neighbours = adjacency() if neighbours is None else neighbours
        self.graph = GraphConv(5 + 2 * len(sums), graph, neighbours, learned)
        self.norm = nn.BatchNorm1d(REGIONS * graph)
        self.mix = nn.Conv1d(REGIONS * graph, width, 1)
        self.blocks = nn.ModuleList(CausalBlock(width, d, dropout) for d in dilations)
        self.micro_blocks = micro_blocks
        self.heads = nn.ModuleList(
            nn.Sequential(nn.BatchNorm1d(width), nn.ReLU(), nn.Conv1d(width, 64, 1), nn.ReLU(), nn.Conv1d(64, 3, 1))
            for _ in look_ahead
        )
        for head, sides in zip(self.heads, TYPICAL_SIDES):
            # Events are rare: one frame in thirty is near an apex.
            head[4].bias.data = torch.tensor([-3.4, *torch.log(torch.tensor(sides))])

    def features(self, x):
        m = measured(x)
        level = log_level(x, m) if self.scaled else torch.full((len(x), 1, 1, 1), -1.5)
        scaled = x * torch.exp(-level)
        # Large movements must not drown small ones: beyond three times the level only the log counts.
        squashed = [asinh(scaled), *(asinh(summed(scaled, rows) / rows**0.5) for rows in self.sums)]
        level = (level + 1.5) * m.unsqueeze(3) + torch.zeros(REGIONS, 1)
        return torch.cat([*squashed, x * 0.5, level], 3)

    def forward(self, x, last=None):
        """Logits and log sides, `[B, T, 6]`."""
        return self.answers(self.features(x), last)

    def answers(self, seen, last=None):
        """The same from features; of the last rows only, for which less must be computed, where `last` says so."""
        rows = seen.shape[1]
        last = rows if last is None else last
        needed = [min(rows, last + sum(later.past for later in self.blocks[i + 1:])) for i in range(len(self.blocks))]
        h = F.relu(self.graph(seen))
        h = self.mix(self.norm(h.flatten(2).transpose(1, 2)))
        outputs = []
        for i, block in enumerate(self.blocks):
            h = block(h, needed[i])
            if i + 1 == self.micro_blocks:
                outputs.append(self.head(h[:, :, -last:], 0))
        outputs.append(self.head(h, 1))
        return torch.cat(outputs, 1).transpose(1, 2)

    def head(self, h, kind):
        ahead = self.look_ahead[kind]
        return F.pad(self.heads[kind](h)[:, :, ahead:], (0, ahead))


def asinh(x):
    """The inverse hyperbolic sine in operations that every runtime has."""
    return torch.sign(x) * torch.log(x.abs() + torch.sqrt(x * x + 1.0))


# Rows at the end of a window that the program reads: at the end of a stream it looks once more with
# the longest look-ahead in missing rows, up to two rows after its last look.
ANSWERED = 2 * max(LOOK_AHEAD) + 4


class Exported(nn.Module):
    """What ships: the mean over members, as probabilities and rows.

    A single member sees the face and its mirror image; of several, every second one sees the mirror
    image, so that two cost no more than one. Only the last rows are answered, which costs less; the
    others are zero.
    """

    def __init__(self, members):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, motion):
        # Features hold nothing learned, and those of the mirror image are the mirror image of these.
        seen = self.members[0].features(motion)
        signs = torch.tensor([-1.0, 1.0] * (seen.shape[3] // 2) + [1.0])
        views = [seen, seen[:, :, MIRRORED] * signs]
        if len(self.members) == 1:
            logits = self.members[0].answers(torch.cat(views, 0), ANSWERED).mean(0, keepdim=True)
        else:
            answers = [member.answers(views[i % 2], ANSWERED) for i, member in enumerate(self.members)]
            logits = sum(answers) / len(answers)
        parts = []
        for kind in (0, 3):
            parts += [torch.sigmoid(logits[..., kind:kind + 1]), torch.exp(logits[..., kind + 1:kind + 3])]
        return F.pad(torch.cat(parts, 2), (0, 0, motion.shape[1] - ANSWERED, 0))


def loss(outputs, targets):
    """`targets` `[B, T, 2, 4]`: for each kind nearness to an apex (0–1), rise, fall, weight."""
    total = 0.0
    for kind in range(2):
        logit, log_sides = outputs[..., 3 * kind], outputs[..., 3 * kind + 1:3 * kind + 3].clamp(-2, 5.5)
        near, sides, weight = targets[:, :, kind, 0], targets[:, :, kind, 1:3], targets[:, :, kind, 3]
        guess = torch.exp(log_sides)
        shared = torch.minimum(guess, sides).sum(2) + 1
        union = torch.maximum(guess, sides).sum(2) + 1
        iou = shared / union
        # A proposal is worth its chance of overlapping the truth by half.
        quality = near * ((iou.detach() - 0.3) / 0.4).clamp(0, 1)
        p = torch.sigmoid(logit)
        bce = F.binary_cross_entropy_with_logits(logit, quality, reduction="none")
        focal = (bce * (quality - p.detach()).abs() ** 2 * weight).sum()
        inside = (near > 0.3).float() * near * weight
        log_error = (log_sides - torch.log(sides.clamp(min=0.5))).abs().sum(2)
        regression = ((1 - iou + 0.1 * log_error) * inside).sum()
        count = inside.sum().clamp(min=1.0)
        total = total + (4.0 * focal + regression) / count
    return total
