"""How the receiving side names itself in associations and file meta headers."""

from __future__ import annotations

from typing import Final

from sr_templates.uids import derived_uid

IMPLEMENTATION_CLASS_UID: Final = derived_uid("implementation class", "dicom_node", "1")
IMPLEMENTATION_VERSION_NAME: Final = "RHEUMASCORE_1"
"""At most 16 characters (PS3.7 D.3.3.2.3)."""
