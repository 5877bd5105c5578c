"""What belongs to every image and has no rows in the stand-in: channels, rendering settings, thumbnails."""

import omero.model as m
import omero.rtypes as rt
from omero.model.enums import UnitsLength

CHANNELS = (("DAPI", 461.0, (0, 0, 255)), ("GFP", 509.0, (0, 255, 0)), ("mCherry", 610.0, (255, 0, 0)))
ENUMERATIONS = {
    "AcquisitionMode": ("WideField",),
    "ContrastMethod": ("Fluorescence",),
    "Family": ("linear",),
    "Illumination": ("Epifluorescence",),
    "RenderingModel": ("rgb", "greyscale"),
}


def complete(store):
    """Add the derived objects of all pixels, in the pixels' order, with numbers that follow from it."""
    for kind, values in ENUMERATIONS.items():
        for value in values:
            store.enum(kind, value)
    for pixels in sorted(store.extent("Pixels"), key=lambda p: p.id.val):
        rdef = rendering_def(store, pixels)
        for number in range(pixels._sizeC.val):
            channel(store, pixels, rdef, *CHANNELS[number % len(CHANNELS)])
        thumbnail = owned(store.add("Thumbnail", pixels=pixels, mimeType="image/jpeg", sizeX=96, sizeY=96), pixels)
        thumbnail._version = rt.rint(0)
        pixels._thumbnailsSeq.append(thumbnail)


def owned(o, pixels):
    """The object, with the details of the pixels it belongs to."""
    o._details = pixels._details
    return o


def rendering_def(store, pixels):
    quantum = owned(store.add("QuantumDef", cdStart=0, cdEnd=255, bitResolution=255), pixels)
    rdef = store.add(
        "RenderingDef",
        pixels=pixels,
        defaultZ=pixels._sizeZ.val // 2,
        defaultT=0,
        model=store.enum("RenderingModel", "rgb"),
        quantization=quantum,
        compression=0.9,
    )
    pixels._settingsSeq.append(owned(rdef, pixels))
    return rdef


def channel(store, pixels, rdef, label, wave, colour):
    """One channel with its logical channel, statistics and binding."""
    rgba = dict(zip(("red", "green", "blue", "alpha"), (*colour, 255), strict=True))
    logical = store.add(
        "LogicalChannel",
        name=label,
        emissionWave=m.LengthI(wave, UnitsLength.NANOMETER),
        illumination=store.enum("Illumination", "Epifluorescence"),
        mode=store.enum("AcquisitionMode", "WideField"),
        contrastMethod=store.enum("ContrastMethod", "Fluorescence"),
    )
    stats = store.add("StatsInfo", globalMin=0.0, globalMax=4095.0)
    found = store.add("Channel", pixels=pixels, logicalChannel=owned(logical, pixels), statsInfo=stats, **rgba)
    binding = store.add(
        "ChannelBinding",
        renderingDef=rdef,
        family=store.enum("Family", "linear"),
        coefficient=1.0,
        active=True,
        inputStart=200.0,
        inputEnd=3200.0,
        noiseReduction=False,
        **rgba,
    )
    owned(stats, pixels)
    pixels._channelsSeq.append(owned(found, pixels))
    rdef._waveRenderingSeq.append(owned(binding, pixels))
