"""A nailfold phantom as a VL Photographic Image that nobody can mistake for a patient's."""

from __future__ import annotations

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, VLPhotographicImageStorage

from scoring.phantoms.as_dicom import COMMENT, code, patient_and_study, phantom_uid
from scoring.phantoms.nailfold.nailfold import NailfoldPhantom
from scoring.phantoms.nailfold.phone_file import stamped
from scoring.phantoms.nailfold.truth import subject_of
from scoring.score_rules.nail_units import NAIL_UNITS

_DATE, _TIME = "20260105", "090000"


def nailfold_dataset(phantom: NailfoldPhantom, instance_number: int) -> Dataset:
    """The stamped picture, uncompressed, with its calibration; all pictures of a patient are one study."""
    fold, seed = phantom.fold, phantom.fold.patient.seed
    patient = subject_of(phantom)
    study = phantom_uid("nailfold study", patient)
    ds = Dataset()
    ds.SOPClassUID = VLPhotographicImageStorage
    ds.SOPInstanceUID = UID(phantom_uid("nailfold", study, fold.side, fold.finger, phantom.number, phantom.view.shape))
    patient_and_study(ds, patient, "nailfold", seed, study, _DATE, _TIME, {})
    ds.SeriesInstanceUID, ds.SeriesNumber = phantom_uid("nailfold series", study), 1
    ds.SeriesDescription, ds.Modality = "PHANTOM nailfolds", "XC"
    ds.Manufacturer, ds.ManufacturerModelName, ds.SoftwareVersions = "rheumascore", "phantom nailfold", "1"
    ds.InstanceNumber, ds.PatientOrientation = instance_number, ""
    ds.ContentDate = ds.AcquisitionDate = ds.SeriesDate = _DATE
    ds.ContentTime = ds.AcquisitionTime = ds.SeriesTime = _TIME
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.DerivationDescription = "Drawn by a program, nobody was photographed"
    ds.ImageComments, ds.BurnedInAnnotation = COMMENT, "YES"
    ds.AcquisitionContextSequence = Sequence()
    unit = NAIL_UNITS[fold.finger]
    ds.AnatomicRegionSequence = Sequence([code(unit.value, unit.scheme, unit.meaning)])
    ds.ImageLaterality = fold.side
    ds.PixelSpacing = [f"{phantom.view.um_per_px / 1000:.8g}"] * 2
    _store_pixels(ds, phantom)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def _store_pixels(ds: Dataset, phantom: NailfoldPhantom) -> None:
    pixels = stamped(phantom.pixels)
    ds.Rows, ds.Columns, ds.SamplesPerPixel = pixels.shape
    ds.PhotometricInterpretation, ds.PlanarConfiguration = "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionMethod, ds.LossyImageCompressionRatio = "ISO_10918_1", "10"
    ds.PixelData = pixels.tobytes()
    ds["PixelData"].VR = "OB"
