"""Synthetic cells as a fluorescence microscope would show them; all follows from the seed."""

import functools

import numpy as np

NOISE = 0.012
GRAIN = 256  # the side of the square in which the noise repeats itself
CELL_AREA = 20  # of the picture's area, in squares of a cell's radius
LOOKS = 16  # different cells, each of which is shown in eight ways


def edge(distance, limit, sharpness):
    """1 inside of `limit`, 0 outside, soft in between."""
    return 1 / (1 + np.exp((distance - limit) * sharpness))


def nucleus(u, v, phase):
    return edge(np.hypot(u, v), 1, 9) * (0.75 + 0.25 * np.sin(5 * u + phase) * np.sin(4 * v - phase))


def cytoplasm(u, v, phase):
    distance = np.hypot(u, v)
    body = edge(distance, 1.9, 5) * (1 - 0.7 * edge(distance, 1, 9))
    return body * (0.45 + 0.2 * np.sin(7 * u + 3 * np.sin(3 * v + phase)))


def spots(u, v, phase):
    centres = [(1.2 * np.cos(phase + n * 2.4), 1.2 * np.sin(phase * 2 + n * 2.4)) for n in range(7)]
    return sum(np.exp(-25 * ((u - a) ** 2 + (v - b) ** 2)) for a, b in centres)


STAINS = (nucleus, cytoplasm, spots)  # of the channels in turn


@functools.lru_cache(maxsize=16)
def stamps(stain, radius):
    """One square picture for each look of a cell."""
    rng = np.random.default_rng(radius)
    reach = np.arange(-3 * radius, 3 * radius + 1, dtype=np.float32) / radius
    dx, dy = reach[None], reach[:, None]
    found = []
    for stretch, angle in zip(rng.uniform(0.75, 1.3, LOOKS), rng.uniform(0, np.pi, LOOKS), strict=True):
        u = (dx * np.cos(angle) + dy * np.sin(angle)) * stretch
        v = (dy * np.cos(angle) - dx * np.sin(angle)) / stretch
        found.append(stain(u, v, angle).astype(np.float32))
    return found


class Cells:
    """The cells of one image: where they are, how they look, and where they drift."""

    def __init__(self, seed, width, height, depth):
        rng = np.random.default_rng(seed)
        self.rng, self.width, self.height, self.depth = rng, width, height, depth
        self.radius = int(np.clip(min(width, height) / 18, 7, 40))
        n = int(width * height / (self.radius**2 * CELL_AREA)) + 3
        self.centres = rng.random((n, 2)) * (width, height)
        self.drifts = rng.normal(0, self.radius / 8, (n, 2))
        self.levels = rng.uniform(0, depth - 1, n)
        self.brightness = rng.uniform(0.45, 1, n)
        self.looks = rng.integers(0, LOOKS, n)
        self.turns = rng.integers(0, 8, n)

    def plane(self, z, c, t):
        """float32 from 0 to 1, in rows."""
        grain = (self.rng.standard_normal((GRAIN, GRAIN), dtype=np.float32) + 3) * NOISE
        repeats = -(-self.height // GRAIN), -(-self.width // GRAIN)
        out = np.tile(grain, repeats)[: self.height, : self.width]
        # a cell is brightest in its own plane
        focus = self.brightness * np.exp(-(((z - self.levels) / max(self.depth / 3, 1)) ** 2))
        pictures = stamps(STAINS[c % len(STAINS)], self.radius)
        for cell, (x, y) in enumerate((self.centres + t * self.drifts).astype(int)):
            picture = np.rot90(pictures[self.looks[cell]], self.turns[cell])
            picture = picture.T if self.turns[cell] > 3 else picture
            add(out, picture * np.float32(focus[cell]), x - 3 * self.radius, y - 3 * self.radius)
        return np.clip(out, 0, 1, out=out)


def add(out, picture, left, top):
    """Add the picture to `out` with its corner at (left, top), as far as it lies inside."""
    height, width = picture.shape
    inside = out[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    down, right = max(0, -top), max(0, -left)
    inside += picture[down : down + inside.shape[0], right : right + inside.shape[1]]
