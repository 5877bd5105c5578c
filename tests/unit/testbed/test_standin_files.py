"""The stand-in's pixel files: where they are, what is in them, and what happens when they are not there."""

import io
import types

import numpy as np
import pytest
from PIL import Image
from standin import pictures
from standin.drawing import Cells
from standin.files import Files, MissingError, place
from standin.rendering import Renderer


def value(content):
    return types.SimpleNamespace(val=content)


def record(**fields):
    return types.SimpleNamespace(**{f"_{name}": content for name, content in fields.items()})


def binding(colour):
    rgba = dict(zip(("red", "green", "blue", "alpha"), map(value, (*colour, 255)), strict=True))
    return record(active=value(True), inputStart=value(160.0), inputEnd=value(3500.0), **rgba)


def pixels(number=1, x=40, y=30, z=3, c=2, t=2, owner="demo", kind="uint16"):
    """Pixels with the settings and the thumbnail that a demo import gives them."""
    settings = record(
        model=record(value=value("rgb")),
        defaultZ=value(1),
        defaultT=value(0),
        waveRendering=None,
    )
    settings._waveRenderingSeq = [binding((0, 0, 255)), binding((0, 255, 0))][:c]
    thumbnail = record(sizeX=value(96), sizeY=value(72))
    thumbnail.id = value(number)
    found = record(
        **{f"size{axis}": value(n) for axis, n in zip("XYZCT", (x, y, z, c, t), strict=True)},
        image=types.SimpleNamespace(id=value(number)),
        pixelsType=record(value=value(kind)),
        significantBits=value({"uint8": 8, "uint16": 12}[kind]),
        details=record(owner=record(omeName=value(owner))),
        settingsSeq=[settings],
        thumbnailsSeq=[thumbnail],
    )
    found.id = value(number)
    return found


class Store:
    def __init__(self, *all_pixels):
        self.all_pixels = all_pixels

    def extent(self, kind):
        assert kind == "Pixels"
        return list(self.all_pixels)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


@pytest.mark.parametrize(
    ("number", "path"),
    [
        (1, "1"),
        (999, "999"),
        (1000, "Dir-001/1000"),
        (54321, "Dir-054/54321"),
        (1234567, "Dir-001/Dir-234/1234567"),
        (10000000, "Dir-010/Dir-000/10000000"),
    ],
)
def test_files_are_where_omero_puts_them(number, path):
    assert place(number) == path


def test_planes_are_big_endian_in_the_order_xyzct(files):
    image = pixels()
    assert pictures.complete(Store(image), files) == 2
    content = files.pixels(1).read_bytes()
    assert len(content) == 40 * 30 * 3 * 2 * 2 * 2
    data = files.open(image)
    assert data.shape == (2, 2, 3, 30, 40)
    # the sample at x=7, y=5 of plane z=2, c=1, t=1
    offset = 2 * (7 + 40 * (5 + 30 * (2 + 3 * (1 + 2 * 1))))
    assert int.from_bytes(content[offset : offset + 2], "big") == data[1, 1, 2, 5, 7]
    assert 0 < data.max() < 4096


def test_the_same_id_gives_the_same_cells_and_another_one_others():
    first, again, other = (Cells(seed, 64, 48, 1).plane(0, 0, 0) for seed in (5, 5, 6))
    assert first.shape == (48, 64)
    assert (first == again).all()
    assert (first != other).any()
    assert first.std() > 0.05


def test_an_interrupted_import_is_completed_and_the_rest_left_alone(files):
    images = [pixels(number) for number in (1, 2, 3)]
    assert pictures.complete(Store(*images), files) == 6
    whole, torn, partial = (files.pixels(n) for n in (1, 2, 3))
    contents = [path.read_bytes() for path in (whole, torn, partial)]
    kept = whole.stat().st_mtime_ns
    torn.write_bytes(contents[1][:100])
    partial.rename(partial.with_name("3.partial"))
    files.thumbnail(1).write_bytes(b"")
    assert pictures.complete(Store(*images), files) == 3
    assert [path.read_bytes() for path in (whole, torn, partial)] == contents
    assert whole.stat().st_mtime_ns == kept
    assert pictures.complete(Store(*images), files) == 0
    assert sorted(p.name for p in files.root.rglob("*") if p.is_file()) == ["1", "1", "2", "2", "3", "3"]


def test_what_others_imported_is_never_drawn(files):
    assert pictures.complete(Store(pixels(owner="jo")), files) == 0
    assert not list(files.root.iterdir())


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_missing_pixels_are_an_error_that_names_the_file(files, content):
    if content is not None:
        files.write(files.pixels(1), [content])
    with pytest.raises(MissingError, match=f"no pixels in {files.root}/Pixels/1"):
        files.open(pixels())
    with pytest.raises(MissingError):
        Renderer(pixels(), files).thumbnail(96)


def test_opened_pixels_cannot_be_changed(files):
    image = pixels()
    pictures.complete(Store(image), files)
    with pytest.raises(ValueError, match="read-only"):
        files.open(image)[0, 0, 0, 0, 0] = 1


def test_rendering_shows_channels_regions_and_planes(files):
    image = pixels(x=128, y=96)
    pictures.complete(Store(image), files)
    renderer = Renderer(image, files)
    full = renderer.rgb(1, 0)
    assert full.shape == (96, 128, 3)
    assert (renderer.rgb(1, 0, (10, 20, 30, 40)) == full[20:60, 10:40]).all()
    assert (renderer.rgb(1, 0, (120, 90, 64, 64)) == full[90:, 120:]).all()
    assert (renderer.rgb(1, 1) != full).any()
    assert (renderer.rgb(range(0, 3), 0) >= full).all()
    renderer.channels[1]["active"] = False
    assert renderer.rgb(1, 0)[..., 2].std() > 5
    assert not renderer.rgb(1, 0)[..., 1].any()
    renderer.channels[0]["active"] = False
    assert not renderer.rgb(1, 0).any()


def test_a_thumbnail_is_read_where_it_is_stored_and_rendered_in_other_sizes(files):
    image = pixels(x=128, y=96)
    pictures.complete(Store(image), files)
    renderer = Renderer(image, files)
    stored = renderer.stored_thumbnail(96)
    assert stored == files.thumbnail(1).read_bytes()
    assert Image.open(io.BytesIO(stored)).size == (96, 72)
    assert Image.open(io.BytesIO(renderer.stored_thumbnail(32))).size == (32, 24)
    assert np.asarray(Image.open(io.BytesIO(stored))).std() > 10
    files.thumbnail(1).unlink()
    assert Image.open(io.BytesIO(renderer.stored_thumbnail(96))).size == (96, 72)
