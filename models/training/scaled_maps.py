"""Makes the form in which the recognition sets of MEGC 2019 keep an expression, from displacements of regions.

That form is one flow map of 28 x 28 from onset to apex, of a loosely cropped face, in 8 bits between its least
and its greatest value. The regions are read from it at the landmarks. The motion of the nose is subtracted,
and the result has unit size.
"""

import numpy as np

from recogniser import POSITIONS, REGIONS

SIDE = 28
NOSE = [6, 7, 16, 17]
PLACES = POSITIONS.numpy()


def single_displacements(motion, seed):
    """`[N, 23, 2]` at unit size from `[N, 3, 23, 2]` in percent."""
    random = np.random.default_rng(seed)
    return np.stack([one(phases[0] + phases[1], random) for phases in motion])


def one(displacement, random):
    # The crop: how many eye distances wide and high, where the nose is in it.
    width = random.uniform(1.5, 2.3)
    left_top = -width / 2 + random.normal(0, 0.06, 2)
    centres = left_top + (np.stack(np.meshgrid(range(SIDE), range(SIDE)), -1) + 0.5) / SIDE * width
    field = spread(displacement, centres, random)
    size = np.sqrt((displacement**2).mean())
    # A head that has moved since: its outline is not the crop's, so the map moves as a whole.
    turn = random.normal(0, 0.3, (2, 2)) * size * random.uniform(0, 1)
    field += centres @ turn + random.normal(0, 0.8, 2) * size
    field += waves(random) * size * random.uniform(0, 0.7)
    field = eight_bits(field, together=random.random() < 0.5)
    where = PLACES * (1 + random.normal(0, 0.05)) + random.normal(0, 0.04, 2) + random.normal(0, 0.02, (REGIONS, 2))
    read = sampled(field, (where - left_top) / width * SIDE - 0.5)
    read -= read[NOSE].mean(0)
    return (read / np.sqrt((read**2).mean()).clip(1e-9)).astype(np.float32)


def spread(displacement, centres, random):
    """A smooth field through the regions that dies out beyond the face."""
    reach = random.uniform(0.08, 0.2)
    distance = np.linalg.norm(centres[:, :, None] - PLACES, axis=3)
    weights = np.exp(-((distance / reach) ** 2) / 2)
    return (weights @ displacement) / (weights.sum(2, keepdims=True) + 0.2)


def waves(random, count=12):
    """Errors of flow over the map: waves of one to eight periods, root mean square 1."""
    grid = (np.stack(np.meshgrid(range(SIDE), range(SIDE)), -1) + 0.5) / SIDE
    speed = random.uniform(1, 8, count) * 2 * np.pi
    angle, start = random.uniform(0, 2 * np.pi, (2, count))
    along = grid @ np.stack([np.cos(angle), np.sin(angle)]) * speed + start
    return np.sin(along) @ random.normal(0, 1, (count, 2)) * np.sqrt(2 / count)


def eight_bits(field, together):
    """Between least and greatest of both components together or of each; back in a common unit."""
    axes = (0, 1, 2) if together else (0, 1)
    least, most = field.min(axes, keepdims=True), field.max(axes, keepdims=True)
    return np.round((field - least) / (most - least).clip(1e-9) * 255) / 255


def sampled(field, at):
    """The mean of 3 x 3 cells round each place."""
    cells = np.clip(np.round(at).astype(int), 1, SIDE - 2)
    block = [field[cells[:, 1] + dy, cells[:, 0] + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return np.mean(block, 0)
