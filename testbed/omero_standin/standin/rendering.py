"""Rendering of the synthetic planes: the state of a rendering definition, JPEGs of planes, regions and thumbnails."""

import io

import numpy as np
from PIL import Image

from standin.planes import plane

TILE = 1024
PYRAMID_FROM = 3192 * 3192  # pixels of a plane; OMERO's omero.pixeldata.max_plane_width and _height
PYRAMID_LEVELS = 5
THUMBNAIL_SOURCE = 512


class Renderer:
    def __init__(self, pixels):
        self.pixels, self.image, self.settings = pixels, pixels._image, pixels._settingsSeq[0]
        self.size = pixels._sizeX.val, pixels._sizeY.val
        self.levels = PYRAMID_LEVELS if self.size[0] * self.size[1] > PYRAMID_FROM else 1
        self.level, self.quality = self.levels - 1, 0.9
        self.reset()

    def reset(self):
        """Back to the stored settings."""
        self.model = self.settings._model._value.val
        self.z, self.t = self.settings._defaultZ.val, self.settings._defaultT.val
        self.channels = [
            {
                "active": binding._active.val,
                "start": binding._inputStart.val,
                "end": binding._inputEnd.val,
                "rgba": [getattr(binding, "_" + part).val for part in ("red", "green", "blue", "alpha")],
                "lut": "",
                "reverse": False,
            }
            for binding in self.settings._waveRenderingSeq
        ]

    def samples(self, z, c, t, xs, ys):
        size = (*self.size, self.pixels._sizeZ.val)
        return plane(self.image.id.val, size, z, c, t, xs, ys)

    def rgb(self, z, t, region=None, step=1):
        """uint8 RGB; z a plane or a range of planes (maximum projection); region in the level's coordinates."""
        width, height = (-(-n // step) for n in self.size)
        x, y, w, h = region or (0, 0, width, height)
        xs, ys = np.arange(x, min(x + w, width)) * step, np.arange(y, min(y + h, height)) * step
        out = np.zeros((len(ys), len(xs), 3))
        for c, channel in enumerate(self.channels):
            if not channel["active"]:
                continue
            depths = z if isinstance(z, range) else [z]
            raw = np.max([self.samples(i, c, t, xs, ys) for i in depths], axis=0)
            value = np.clip((raw - channel["start"]) / max(channel["end"] - channel["start"], 1e-9), 0, 1)
            value = 1 - value if channel["reverse"] else value
            grey = self.model == "greyscale"
            out += value[..., None] * (255 if grey else np.array(channel["rgba"][:3]))
            if grey:
                break
        return np.clip(out, 0, 255).astype(np.uint8)

    def jpeg(self, rgb):
        out = io.BytesIO()
        Image.fromarray(rgb).save(out, "JPEG", quality=int(100 * min(max(self.quality, 0.1), 0.95)))
        return out.getvalue()

    def render(self, plane_def):
        region = plane_def.region
        return self.rgb(
            plane_def.z,
            plane_def.t,
            region and (region.x, region.y, region.width, region.height),
            2 ** (self.levels - 1 - self.level),
        )

    def thumbnail(self, width, height=None, z=None, t=None):
        """JPEG; without a height, width is the longest side."""
        step = max(1, max(self.size) // THUMBNAIL_SOURCE)
        image = Image.fromarray(self.rgb(self.z if z is None else z, self.t if t is None else t, step=step))
        scale = width / max(self.size)
        size = (width, height) if height else [max(1, round(n * scale)) for n in self.size]
        return self.jpeg(np.asarray(image.resize(size, Image.LANCZOS)))
