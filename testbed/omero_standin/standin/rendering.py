"""Rendering of stored planes: the state of a rendering definition, JPEGs of planes, regions and thumbnails."""

import functools
import io

import numpy as np
from PIL import Image

TILE = 1024
PYRAMID_FROM = 3192 * 3192  # pixels of a plane; OMERO's omero.pixeldata.max_plane_width and _height
PYRAMID_LEVELS = 5
THUMBNAIL_SOURCE = 512


class Renderer:
    def __init__(self, pixels, files):
        self.pixels, self.files, self.settings = pixels, files, pixels._settingsSeq[0]
        self.size = pixels._sizeX.val, pixels._sizeY.val
        self.levels = PYRAMID_LEVELS if self.size[0] * self.size[1] > PYRAMID_FROM else 1
        self.level, self.quality = self.levels - 1, 0.9
        self.reset()

    @functools.cached_property
    def data(self):
        """The samples, by t, c, z, y and x; raises files.MissingError."""
        return self.files.open(self.pixels)

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

    def rgb(self, z, t, region=None, step=1):
        """uint8 RGB; z a plane or a range of planes (maximum projection); region in the level's coordinates."""
        width, height = (-(-n // step) for n in self.size)
        x, y, w, h = region or (0, 0, width, height)
        rows, columns = slice(y * step, (y + h) * step, step), slice(x * step, (x + w) * step, step)
        depths = slice(z.start, z.stop, z.step) if isinstance(z, range) else slice(z, z + 1)
        out = 0
        for c, channel in enumerate(self.channels):
            if not channel["active"]:
                continue
            raw = self.data[t, c, depths, rows, columns].max(axis=0).astype(np.float32)
            value = np.clip((raw - channel["start"]) / max(channel["end"] - channel["start"], 1e-9), 0, 1)
            value = 1 - value if channel["reverse"] else value
            grey = self.model == "greyscale"
            out = out + value[..., None] * np.array([255] * 3 if grey else channel["rgba"][:3], np.float32)
            if grey:
                break
        shape = self.data[0, 0, 0, rows, columns].shape
        return np.broadcast_to(np.clip(out, 0, 255), (*shape, 3)).astype(np.uint8)

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

    def stored_thumbnail(self, longest):
        """The stored thumbnail where there is one of this size, else a new one; JPEG."""
        for thumbnail in self.pixels._thumbnailsSeq:
            path = self.files.thumbnail(thumbnail.id.val)
            if longest == max(thumbnail._sizeX.val, thumbnail._sizeY.val) and path.is_file():
                return path.read_bytes()
        return self.thumbnail(longest)
