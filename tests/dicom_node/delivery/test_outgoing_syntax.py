"""Pictures go compressed without loss where a peer asks for it and takes it, else as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from dicom_node.peers import Peer
from sr_templates.document_forms import SECONDARY_CAPTURE, SOP_CLASS_OF_FORM
from tests.dicom_node.delivery.driven_node import DrivenNode
from tests.dicom_node.delivery.scripted_pacs import ScriptedPacs
from tests.foreign_programs.storescp import UNCOMPRESSED, StoreScp


def by_uid(archive: StoreScp, modality: str) -> dict[str, Dataset]:
    return {str(d.SOPInstanceUID): d for d in archive.kept() if d.Modality == modality}


def test_pictures_arrive_compressed_and_decode_to_the_same_pixels(tmp_path: Path) -> None:
    """Given three archives of which one asks for JPEG 2000 and takes it, one asks and does not take it, one takes it
    and does not ask; then only the first gets it, and all get the same objects."""
    everything = (SOP_CLASS_OF_FORM["comprehensive"], SECONDARY_CAPTURE)
    with (
        StoreScp(tmp_path / "both", *everything, transfer_syntaxes=(str(JPEG2000Lossless), *UNCOMPRESSED)) as both,
        StoreScp(tmp_path / "asks", *everything) as asks,
        StoreScp(tmp_path / "takes", *everything, transfer_syntaxes=(str(JPEG2000Lossless), *UNCOMPRESSED)) as takes,
        DrivenNode(tmp_path / "data") as node,
    ):
        wish = Peer("both", "ARCHIVE", "127.0.0.1", both.port, receives_results=True, sr_sop_class="comprehensive")
        wish = replace(wish, picture_transfer_syntax="jpeg2000_lossless")
        node.set_peers(
            wish,
            replace(wish, name="asks", port=asks.port),
            replace(wish, name="takes", port=takes.port, picture_transfer_syntax="explicit"),
        )
        node.score("1.2.3.1")
        node.run()
        compressed, *plain = (by_uid(archive, "OT") for archive in (both, asks, takes))
        assert len(compressed) == 3 and [set(p) for p in plain] == [set(compressed)] * 2
        for uid, picture in compressed.items():
            assert picture.file_meta.TransferSyntaxUID == JPEG2000Lossless
            assert len(picture.PixelData) < len(plain[0][uid].PixelData) / 4
            for other in plain:
                assert other[uid].file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
                assert np.array_equal(picture.pixel_array, other[uid].pixel_array)
        assert {len(by_uid(archive, "SR")) for archive in (both, asks, takes)} == {1}
        assert node.status("1.2.3.1")["state"] == "delivered"


def test_trying_again_sends_the_same_compressed_bytes(tmp_path: Path) -> None:
    syntaxes = (str(JPEG2000Lossless), *UNCOMPRESSED)
    with ScriptedPacs("drop", transfer_syntaxes=syntaxes) as pacs, DrivenNode(tmp_path / "data") as node:
        node.set_peers(replace(pacs.peer, picture_transfer_syntax="jpeg2000_lossless"))
        node.score("1.2.3.1")
        node.run()
        node.run()
        assert len(pacs.kept) == 5 and len(set(pacs.kept)) == 4
        assert pacs.kept[0] == pacs.kept[1]
