"""Labelled events for the recogniser, as the program measures them."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from fitting import mirrored
from recogniser import CLASSES, MIRRORED, PHASES, POSITIONS, REGIONS, UNITS
from scaled_maps import single_displacements
from sets import arrays

# What flow leaves in neighbouring regions is alike over about a quarter of the eye distance.
_CORRELATION = torch.exp(-((torch.cdist(POSITIONS, POSITIONS) / 0.25) ** 2) / 2)
SMOOTH = torch.linalg.cholesky(_CORRELATION + 1e-3 * torch.eye(REGIONS))
# Below this root mean square nothing moved; the program's `STILL_PERCENT`.
STILL_PERCENT = 1e-3


def normalised(motion, mask, known):
    """Unit root mean square over the phases that are there, and (log size, known): the program's inputs."""
    measured = (mask.sum(1) * REGIONS * 2).clamp(min=1.0)[:, None, None, None]
    rms = ((motion**2).sum((1, 2, 3), keepdim=True) / measured).sqrt().clamp(min=STILL_PERCENT)
    amplitude = torch.stack([torch.log(rms.flatten()) * known, known], 1)
    return motion / rms, amplitude


def onset_to_apex(displacement):
    """Phases and mask where only one displacement is known: both halves of the rise alike, no fall."""
    phases = torch.stack([displacement / 2, displacement / 2, torch.zeros_like(displacement)], 1)
    return phases, torch.tensor([1.0, 1.0, 0.0]).repeat(len(phases), 1)


class Disturbance(NamedTuple):
    """Differences between a rig and real faces with real flow. Sizes are relative to that of the movement."""

    # Regions that answer more or less than on average, standard deviation of the logarithm.
    answer: float
    # The same for sideways against vertical motion.
    axes: float
    # Head motion that was not removed: turning, leaning, coming nearer; and shifting.
    affine: float
    shift: float
    # Errors that neighbours share, errors of single regions.
    shared: float
    single: float
    # Most of the regions that flow lost, part.
    lost: float


# Motion as this program measures it.
MEASURED = Disturbance(answer=0.2, axes=0.0, affine=0.5, shift=0.3, shared=0.3, single=0.3, lost=0.1)
# As scaled maps keep it, which know no common unit of the axes and where nothing lies still.
MAPPED = MEASURED._replace(axes=0.2, shift=0.4)
# Beside what `scaled_maps` does to a movement already.
BESIDE_MAPS = MAPPED._replace(affine=0.15, shift=0.1, shared=0.1, single=0.1)


# Part of the events not read from scaled maps that is drawn from own recordings, where there are any, and
# fewer where they are few.
OWN_PART, OWN_REPEATS = 0.25, 200


class Events:
    """Labelled events of files (keys `motion`, `label`, `units`, `mask`, as the program writes them)."""

    def __init__(self, paths):
        files = [read(path) for path in paths]
        motion, label, units, mask = (torch.from_numpy(np.concatenate(parts)) for parts in zip(*files))
        self.motion, self.label, self.mask = motion, label.long(), mask
        still = 1 - units.sum(2, keepdim=True).clamp(max=1)
        # None, both, left, right.
        self.units = torch.cat([still, units], 2).argmax(2)
        self.paths = tuple(paths)

    def __len__(self):
        return len(self.motion)

    def drawn(self, count, generator):
        i = torch.randint(0, len(self), (count,), generator=generator)
        return self.motion[i], self.mask[i], self.label[i], self.units[i]

    def drawn_from_maps(self, count, generator):
        """One displacement each, as scaled maps keep it, with emotion and units."""
        i = torch.randint(0, len(self), (count,), generator=generator)
        return as_maps(self.paths)[i], self.label[i], self.units[i]


@lru_cache(maxsize=1)
def as_maps(paths):
    """The events of files as `single_displacements`, in the order of `Events`; made once, it takes a minute."""
    return torch.from_numpy(single_displacements(np.concatenate([read(path)[0] for path in paths]), 5))


class Strange(Events):
    """Events with a second expression at the same time, read a little beside their regions. Tried and not used: see DIARY.md."""

    def drawn(self, count, generator):
        motion, *rest = super().drawn(count, generator)

        def rand(*shape):
            return torch.rand(*shape, generator=generator)

        def randn(*shape):
            return torch.randn(*shape, generator=generator)

        # A second, weaker expression in the same moment.
        other = motion[torch.randperm(count, generator=generator)]
        motion = motion + other * (size(motion) / size(other)) * 0.35 * rand(count, 1, 1, 1) ** 2
        # Smooth flow takes in neighbours and still skin; landmarks lie a little off.
        width = 0.04 + 0.2 * rand(count, 1, 1) ** 2
        where = POSITIONS * (1 + 0.075 * randn(count, 1, 1)) + 0.05 * randn(count, 1, 2) + 0.03 * randn(count, REGIONS, 2)
        nearness = torch.exp(-((torch.cdist(where, POSITIONS.expand(count, -1, -1)) / width) ** 2) / 2)
        weights = nearness / (nearness.sum(2, keepdim=True) + 0.3 * rand(count, 1, 1))
        return torch.einsum("nij,npjk->npik", weights, motion), *rest


def read(path):
    """Motion, label, units and mask of one file."""
    shapes = {"motion": ("N", PHASES, REGIONS, 2), "label": ("N",), "units": ("N", UNITS, 3), "mask": ("N", PHASES)}
    found = arrays(path, shapes)
    labels = set(found["label"].tolist())
    if not labels <= set(range(CLASSES)):
        raise SystemExit(f"{path}: label: expected 0, 1 or 2, found {sorted(labels)}")
    motion, label, units, mask = (found[key] for key in shapes)
    return motion.astype(np.float32), label, units.astype(np.float32), mask.astype(np.float32)


class RecognitionData:
    """Synthetic events and own ones, as batches for training.

    A part of every batch is known by one displacement only, as published sets are, `maps_part` of it read
    from scaled maps; the rest as the program measures it.
    """

    def __init__(
        self, paths, own=(), events=Events, measured=MEASURED, mapped=MAPPED, mapped_part=0.5, maps_part=0.5, dropped_part=0.6,
    ):
        self.synthetic, self.own = events(paths), Events(own) if own else []
        self.measured, self.mapped = measured, mapped
        self.mapped_part, self.maps_part, self.dropped_part = mapped_part, maps_part, dropped_part

    def batch(self, count, generator):
        """Augmented events: motion in percent, mask, emotion, units."""
        from_maps = round(count * self.mapped_part * self.maps_part)
        parts = [self.from_maps(from_maps, generator)] if from_maps else []
        parts.append(self.as_drawn(count - from_maps, round(count * self.mapped_part) - from_maps, generator))
        return tuple(torch.cat(part) for part in zip(*parts))

    def from_maps(self, count, generator):
        single, label, units = self.synthetic.drawn_from_maps(count, generator)
        motion, units = flipped(single[:, None].repeat(1, PHASES, 1, 1) / PHASES, units, generator)
        motion = disturbed(motion, generator, BESIDE_MAPS).sum(1)
        return *onset_to_apex(motion), label, units

    def as_drawn(self, count, mapped_count, generator):
        """Events of which the first `mapped_count` are known by one displacement only."""
        own_part = min(OWN_PART, OWN_REPEATS * len(self.own) / len(self.synthetic))
        from_own = round(count * own_part)
        drawn = self.synthetic.drawn(count - from_own, generator)
        if from_own:
            drawn = [torch.cat(pair) for pair in zip(drawn, self.own.drawn(from_own, generator))]
        motion, mask, label, units = drawn
        motion, units = flipped(motion, units, generator)
        mapped = disturbed(motion[:mapped_count], generator, self.mapped)[:, :2].sum(1)
        mapped, mapped_mask = onset_to_apex(mapped)
        rest, rest_mask = disturbed(motion[mapped_count:], generator, self.measured), mask[mapped_count:]
        rest, rest_mask = with_a_phase_missing(rest, rest_mask, generator, self.dropped_part)
        return torch.cat([mapped, rest]), torch.cat([mapped_mask, rest_mask]), label, units


def flipped(motion, units, generator):
    flip = torch.rand(len(motion), generator=generator) < 0.5
    other_side = torch.tensor([0, 1, 3, 2])[units]
    motion = torch.where(flip[:, None, None, None], mirrored(motion, MIRRORED), motion)
    return motion, torch.where(flip[:, None], other_side, units)


def size(motion):
    """Root mean square of the rise, `[B, 1, 1, 1]`."""
    return (motion[:, :2].sum(1) ** 2).mean((1, 2)).sqrt().clamp(min=STILL_PERCENT)[:, None, None, None]


def disturbed(motion, generator, by):
    """Each event with its own share of everything in `by`."""
    n = len(motion)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    def randn(*shape):
        return torch.randn(*shape, generator=generator)

    def level(most):
        return most * rand(n, 1, 1, 1) ** 2

    motion = motion * torch.exp(by.answer * randn(n, 1, REGIONS, 1) + by.axes * randn(n, 1, 1, 2))
    rms = size(motion)
    affine = POSITIONS @ (randn(n, PHASES, 2, 2) * level(by.affine)) + randn(n, PHASES, 1, 2) * level(by.shift)
    shared = SMOOTH @ (randn(n, PHASES, REGIONS, 2) * level(by.shared))
    single = randn(n, PHASES, REGIONS, 2) * level(by.single)
    motion = motion + rms * (affine + shared + single)
    lost = rand(n, 1, REGIONS, 1) < by.lost * rand(n, 1, 1, 1)
    return motion.masked_fill(lost, 0.0)


def with_a_phase_missing(motion, mask, generator, part=0.6):
    """`part` of the events without one of their phases, where they have several."""
    dropped = torch.randint(0, PHASES, (len(motion),), generator=generator)
    is_dropped = (torch.rand(len(motion), generator=generator) < part) & (mask.sum(1) > 1)
    gone = torch.nn.functional.one_hot(dropped, PHASES) * is_dropped[:, None]
    mask = mask * (1 - gone)
    return motion * mask[:, :, None, None], mask
