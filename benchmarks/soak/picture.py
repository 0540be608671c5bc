"""A soak as one picture: memory and descriptors of each part, and how long honest senders waited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.soak.honest_senders import Served
from benchmarks.soak.size_over_time import Size
from scoring.figures.sheet import CURVES, GREY, drawing

_PARTS: Final = ("scoring worker", "delivery worker", "listener", "web page", "supervisor", "decoding child")
_MINUTE: Final = 60.0


def draw_soak(sizes: Sequence[Size], served: Sequence[Served], path: Path) -> None:
    """Write the picture as PNG. A process that died is where its line ends."""
    began = min([size.at for size in sizes] + [one.at for one in served])
    with drawing(8.0, 7.0) as sheet:
        sheet.axes.remove()
        memory, descriptors, waits = sheet.figure.subplots(3, 1, sharex=True)
        for part, colour in zip(_PARTS, CURVES, strict=True):
            label = part
            for pid in dict.fromkeys(size.pid for size in sizes if size.part == part):
                life = [size for size in sizes if (size.part, size.pid) == (part, pid)]
                minutes = [(size.at - began) / _MINUTE for size in life]
                memory.plot(minutes, [size.megabytes for size in life], color=colour, label=label)
                descriptors.plot(minutes, [size.descriptors for size in life], color=colour)
                label = ""
        minutes = [(one.at - began) / _MINUTE for one in served]
        waits.plot(minutes, [1000 * one.seconds for one in served], ".", color=GREY, markersize=3)
        waits.set_yscale("log")
        waits.yaxis.set_major_formatter("{x:g}")
        for axes in (memory, descriptors):
            axes.set_ylim(bottom=0)
        for axes, words in ((memory, "MB resident"), (descriptors, "descriptors"), (waits, "ms to be served")):
            axes.set_ylabel(words)
            axes.grid(visible=True)
        memory.legend(ncols=3, fontsize=8, loc="upper right", bbox_to_anchor=(1.0, 0.9))
        waits.set_xlabel("minutes")
        path.write_bytes(sheet.image("png"))
