"""Is an ONNX file whole in itself? Walked as protocol buffers, nothing of it built or run.

A tensor may say that its values lie in another file (``external_data``), by a path of its author's choice, and a node
may call operators of a library that only its author has: neither is taken in. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scoring.errors import BundleError

_Span = tuple[int, int]
_Children = dict[int, str]

_CHILDREN: Final[dict[str, _Children]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""Which fields of a message hold messages that must be looked at."""
_EXTERNAL_DATA: Final = 13
_DATA_LOCATION: Final = 14
_DOMAIN_OF_NODE: Final = 7
_GRAPH_OF_MODEL: Final = 7
_KNOWN_DOMAINS: Final = (b"", b"ai.onnx")
_MOST_FIELDS: Final = 2_000_000
_DEEPEST: Final = 32


def check_onnx(path: Path, name: str) -> None:
    """BundleError when the file is no ONNX model, or needs another file or foreign operators."""
    if not path.stat().st_size:
        raise BundleError(f"{name} is empty.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        walk = _Walk(content, name)
        if not any(number == _GRAPH_OF_MODEL for number, _, _ in walk.fields(0, len(content))):
            raise walk.fault("it has no graph")
        walk.message("model", 0, len(content), 0)


@dataclass
class _Walk:
    content: mmap.mmap
    name: str
    fields_seen: int = 0

    def fault(self, what: str) -> BundleError:
        return BundleError(f"{self.name} is no ONNX model that may be taken in: {what}.")

    def message(self, kind: str, start: int, end: int, depth: int) -> None:
        """Look at one message and all within it."""
        if depth > _DEEPEST:
            raise self.fault("it is nested too deeply")
        for number, number_value, span in self.fields(start, end):
            if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and number_value)):
                raise self.fault("a tensor's values lie in another file; export it with its data inside")
            if kind == "node" and number == _DOMAIN_OF_NODE and self.content[slice(*span)] not in _KNOWN_DOMAINS:
                raise self.fault("it calls operators that are not ONNX's own")
            if (child := _CHILDREN[kind].get(number)) is not None:
                if span == (0, 0):
                    raise self.fault("a message stands where none may be")
                self.message(child, *span, depth + 1)

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, _Span]]:
        """Number, value (of whole numbers) and bytes (of everything long) of each field between two places."""
        at = start
        while at < end:
            self.fields_seen += 1
            if self.fields_seen > _MOST_FIELDS:
                raise self.fault("it has too many fields")
            key, at = self._whole(at, end)
            value, span = 0, (0, 0)
            if key & 7 == 0:
                value, at = self._whole(at, end)
            elif key & 7 == 2:
                length, at = self._whole(at, end)
                span, at = (at, at + length), at + length
            elif key & 7 in (1, 5):
                at += 8 if key & 7 == 1 else 4
            else:
                raise self.fault("it is no protocol buffer")
            if at > end or not key >> 3:
                raise self.fault("it ends within a field, or is no protocol buffer")
            yield key >> 3, value, span

    def _whole(self, at: int, end: int) -> tuple[int, int]:
        """A number in base 128, and the place after it."""
        value = 0
        for place in range(10):
            if at + place >= end:
                raise self.fault("it ends within a number")
            byte = self.content[at + place]
            value |= (byte & 127) << 7 * place
            if byte < 128:
                return value, at + place + 1
        raise self.fault("a number is out of range")
