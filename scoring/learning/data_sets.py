"""What weights are learnt from, by the names that records and cards give it, and the licence that they then have."""

from __future__ import annotations

from typing import Final

HAND_PHANTOMS: Final = "rheumascore hand phantoms (drawn, no person)"
NAILFOLD_PHANTOMS: Final = "rheumascore nailfold phantoms (drawn, no person)"
HEALTHY_JOINTS: Final = (
    "RSNA Pediatric Bone Age Challenge 2017, healthy joints of children (Halabi SS et al. Radiology "
    "2018;290(2):498-503), non-commercial use"
)
SKELETAL_AGE: Final = (
    "RSNA Pediatric Bone Age Challenge 2017, skeletal age (Halabi SS et al. Radiology 2018;290(2):498-503), "
    "non-commercial use"
)

OURS: Final = "Apache-2.0"
"""Of weights learnt from nothing but what we drew."""
RSNA_TERMS: Final = "see LICENCE-WEIGHTS.txt: RSNA bone-age terms (non-commercial, cite)"
CENTRE_S_OWN: Final = "the centre's own"
"""Of weights learnt from a centre's readings."""
