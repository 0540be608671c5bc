"""What TLS costs at the port: stores and new associations over TLS and in plain DICOM, at one listener, alternating.

    python -m benchmarks.tls_cost [--images 40] [--megabytes 8] [--rounds 3]

DCMTK's storescu sends; ``openssl`` makes the certificates (RSA of 2,048 bits, shown by both sides).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.dicom_node.receiving.instances import radiograph, write_file
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.foreign_programs.certificates import Authority
from tests.foreign_programs.dcmtk import over_tls, storescu
from tests.hazards.tls_node import TlsNode

_ASSOCIATIONS = 200
Cost = tuple[float, float]
"""Seconds by the clock, and of the listener's processor time."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=40, help="in one association")
    parser.add_argument("--megabytes", type=int, default=8, help="of each image")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        node = TlsNode(Path(folder), Authority(Path(folder) / "authority", "site-authority"))
        node.start()
        try:
            _measure(node, asked.images, asked.megabytes, asked.rounds)
        finally:
            node.kill()


def _measure(node: TlsNode, images: int, megabytes: int, rounds: int) -> None:
    stores: dict[str, list[Cost]] = {"plain": [], "TLS": []}
    associations: dict[str, list[Cost]] = {"plain": [], "TLS": []}
    for number in range(rounds):
        for kind in ("plain", "TLS") if number % 2 else ("TLS", "plain"):
            stores[kind].append(_store(node, kind, images, megabytes))
            associations[kind].append(_associate(node, kind))
    print(f"         an image of {megabytes} MB: time, the listener's processor   an association: the same")
    for kind in stores:
        print(f"{kind:8} {_middle(stores[kind], images):>52}   {_middle(associations[kind], _ASSOCIATIONS)}")


def _middle(costs: list[Cost], number: int) -> str:
    seconds, processor = (median(each) / number * 1e3 for each in zip(*costs, strict=True))
    return f"{seconds:.1f} ms, {processor:.1f} ms"


def _store(node: TlsNode, kind: str, images: int, megabytes: int) -> Cost:
    side = 1024
    rows = megabytes * (1 << 20) // (2 * side)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(images):
            pixels = bytes((number % 256,)) * (2 * side * rows)
            write_file(Path(folder) / f"{number}.dcm", radiograph(Rows=rows, Columns=side, PixelData=pixels))
        options = over_tls(node.sender_pair, node.authority.certificate) if kind == "TLS" else ()
        port = node.port if kind == "TLS" else node.plain_port
        return _cost(node, lambda: storescu(port, Path(folder), options=options).check_returncode())


def _associate(node: TlsNode, kind: str) -> Cost:
    """Associations, one after the other."""
    port, tls = (node.port, node.tls) if kind == "TLS" else (node.plain_port, None)

    def all_of_them() -> None:
        for _ in range(_ASSOCIATIONS):
            with RawSender(port, tls=tls) as sender:
                assert sender.associate().kind == AC
                sender.release()

    return _cost(node, all_of_them)


def _cost(node: TlsNode, work: Callable[[], object]) -> Cost:
    began, before = perf_counter(), node.measured.cpu_times()
    work()
    after = node.measured.cpu_times()
    return perf_counter() - began, after.user + after.system - before.user - before.system


if __name__ == "__main__":
    main()
