"""Small finished objects, as a report job leaves them."""

from __future__ import annotations

from io import BytesIO

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from sr_templates.result_objects import WrittenObject


def finished_picture(uid: str = "2.25.21", study: str = "2.25.1001", side: int = 4) -> WrittenObject:
    """A Secondary Capture of so many pixels in each direction."""
    header = _header(SecondaryCaptureImageStorage, uid, study)
    header.Modality = "OT"
    header.ConversionType = "WSD"
    header.Rows = header.Columns = side
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelRepresentation = 7, 0
    header.add_new(0x7FE00010, "OB", bytes(n % 251 for n in range(side * side)))
    return WrittenObject("heatmap", str(SecondaryCaptureImageStorage), uid, f"{uid}.1", _file(header))


def finished_report(uid: str = "2.25.22", study: str = "2.25.1001") -> WrittenObject:
    """A report without content."""
    header = _header(ComprehensiveSRStorage, uid, study)
    header.Modality = "SR"
    return WrittenObject("report", str(ComprehensiveSRStorage), uid, f"{uid}.1", _file(header))


def _header(sop_class: str, uid: str, study: str) -> Dataset:
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = sop_class, uid
    header.StudyInstanceUID, header.SeriesInstanceUID = study, f"{uid}.1"
    header.PatientID, header.PatientName = "P1", "Test^Phantom"
    header.StudyID, header.SeriesNumber, header.InstanceNumber = "1", 1, 1
    return header


def _file(header: Dataset) -> bytes:
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written = BytesIO()
    dcmwrite(written, header, enforce_file_format=True)
    return written.getvalue()
