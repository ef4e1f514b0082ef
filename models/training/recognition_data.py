"""Labelled events for the recogniser, as the program will see them."""

import numpy as np
import torch

from fitting import mirrored
from recognizer import MIRRORED, PHASES, REGIONS

# Where the regions lie on an average face, outer-eye distances from the nose tip (the regions' order).
POSITIONS = torch.tensor([
    [-0.55, -0.63], [-0.43, -0.66], [-0.27, -0.65], [0.27, -0.65], [0.43, -0.66], [0.55, -0.63],
    [0.0, -0.25], [0.0, 0.0], [-0.28, 0.44], [0.0, 0.32], [0.28, 0.44], [0.0, 0.54],
    [-0.37, -0.30], [0.37, -0.30], [-0.36, 0.07], [0.36, 0.07], [-0.14, 0.17], [0.14, 0.17],
    [0.0, 0.72], [-0.13, -0.62], [0.13, -0.62], [-0.36, 0.56], [0.36, 0.56],
])
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


class RecognitionData:
    """Events with labels (keys `motion`, `label`, `units`, as `fleeting synth` writes them)."""

    def __init__(self, paths):
        files = [np.load(path) for path in paths]
        joined = {key: torch.from_numpy(np.concatenate([file[key] for file in files])) for key in ("motion", "label", "units")}
        self.motion, self.label, units = joined["motion"], joined["label"].long(), joined["units"]
        still = 1 - units.sum(2, keepdim=True).clamp(max=1)
        # None, both, left, right.
        self.units = torch.cat([still, units], 2).argmax(2)

    def batch(self, count, generator):
        """Augmented events: motion in percent, mask, emotion, units."""
        i = torch.randint(0, len(self.motion), (count,), generator=generator)
        motion, units = flipped(self.motion[i], self.units[i], generator)
        motion = disturbed(motion, generator)
        motion, mask = with_phases_missing(motion, generator)
        return motion, mask, self.label[i], units


def flipped(motion, units, generator):
    flip = torch.rand(len(motion), generator=generator) < 0.5
    other_side = torch.tensor([0, 1, 3, 2])[units]
    motion = torch.where(flip[:, None, None, None], mirrored(motion, MIRRORED), motion)
    return motion, torch.where(flip[:, None], other_side, units)


def disturbed(motion, generator, strength=1.0):
    """What the rig does not know of real faces and real flow, relative to the size of the movement.

    Regions that answer more or less than on average; head motion that was not removed (affine); errors
    that neighbours share; errors of single regions; regions that flow lost.
    """
    n = len(motion)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    def randn(*shape):
        return torch.randn(*shape, generator=generator)

    def level(most):
        return strength * most * rand(n, 1, 1, 1) ** 2

    rms = (motion[:, :2].sum(1) ** 2).mean((1, 2)).sqrt()[:, None, None, None]
    motion = motion * torch.exp(0.2 * strength * randn(n, 1, REGIONS, 1))
    affine = POSITIONS @ (randn(n, PHASES, 2, 2) * level(0.5)) + randn(n, PHASES, 1, 2) * level(0.3)
    shared = SMOOTH @ (randn(n, PHASES, REGIONS, 2) * level(0.3))
    single = randn(n, PHASES, REGIONS, 2) * level(0.3)
    motion = motion + rms * (affine + shared + single)
    lost = rand(n, 1, REGIONS, 1) < 0.1 * strength * rand(n, 1, 1, 1)
    return motion.masked_fill(lost, 0.0)


def with_phases_missing(motion, generator):
    """Half of the events known by one displacement only, some without one of their phases."""
    n = len(motion)
    how = torch.rand(n, generator=generator)
    mask = torch.ones(n, PHASES)
    single, single_mask = onset_to_apex(motion[:, 0] + motion[:, 1])
    is_single = how < 0.5
    motion = torch.where(is_single[:, None, None, None], single, motion)
    mask = torch.where(is_single[:, None], single_mask, mask)
    dropped = torch.randint(0, PHASES, (n,), generator=generator)
    is_dropped = (how >= 0.5) & (how < 0.8)
    mask[is_dropped, dropped[is_dropped]] = 0.0
    return motion * mask[:, :, None, None], mask
