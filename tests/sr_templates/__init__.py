"""Tests of how a score is written in DICOM."""
