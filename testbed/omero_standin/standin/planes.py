"""The synthetic pixels: bright blobs that follow from the image's id, the same at every resolution."""

import numpy as np


def plane(seed, size, z, c, t, xs, ys):
    """uint16 samples at the columns xs and rows ys of one plane; size: (x, y, z) of the whole image."""
    sx, sy, sz = size
    rng, scale, big = np.random.default_rng(seed), min(sx, sy), sx > 3000
    n = int(rng.integers(18, 40)) * (4 if big else 1)
    cx, cy, cz = rng.random((3, n)) * [[sx], [sy], [sz]]
    spread = scale * rng.uniform(0.015, 0.04, n) * (1, 1.8, 0.5)[c % 3] / (3 if big else 1)
    peak = rng.uniform(1200, 3800, n) * np.exp(-(((z - cz) / max(sz, 1.5)) ** 2)) * (rng.random(n) > c * 0.2)
    ex = np.exp(-(((xs[None] - cx[:, None] - 6 * t) / spread[:, None]) ** 2) / 2)
    ey = np.exp(-(((ys[None] - cy[:, None]) / spread[:, None]) ** 2) / 2)
    ramp = 150 * (xs[None] / sx + ys[:, None] / sy)
    grain = ((xs[None] * 7919 + ys[:, None] * 104729 + c * 31) % 97) * 1.5
    return np.clip((ey * peak[:, None]).T @ ex + ramp + grain, 0, 4095).astype(np.uint16)
