"""Pictures of phones and cameras become DICOM images without recompression, and nothing personal goes with them."""
