"""PixelMed's DicomSRValidator: the only free judge of *templates* (PS3.16) and context groups.

Its templates are those of 2022. Its time grows faster than the report: 5 s to start, 2 s for a few groups, half a
minute for the 47 of two hands. So it judges small reports that together have every kind of content item.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from tests.foreign_programs.programs import find_program, missing_program

HARMLESS: Final = (
    # Question and answer in a group (TID 1501 row 11) and the earlier visit are newer than its templates.
    re.compile(r'/CONTAINER \(125007,DCM,"Measurement Group"\)/CODE .*: Content Item not in template$'),
    re.compile(r'/COMPOSITE \(121079,DCM,"Baseline"\): Content Item not in template$'),
    # Dermoscopic Photography came into CID 29 after it.
    re.compile(r'Code \(DMS,DCM,"[^"]+"\) not found in context group 29$'),
)

_JARS: Final = Path("/usr/share/java")
_NEEDED: Final = (
    *("pixelmed", "commons-codec", "commons-net", "hsqldb", "jaxb-api", "jmdns", "javax.json", "vecmath"),
    *("slf4j-api", "slf4j-nop"),
)
_JAVA_OPTIONS: Final = (
    "-Xss64m",
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),  # a short life: half the processor time
    "-Xmx1500m",
    # Java 17 counts XPath operators and gives up; 0 is no limit.
    *("-Djdk.xml.xpathTotalOpLimit=0", "-Djdk.xml.xpathExprOpLimit=0", "-Djdk.xml.xpathExprGrpLimit=0"),
)


def template_complaints(path: Path) -> list[str]:
    """Every error and warning about one report, without item numbers and twins."""
    classes = ":".join(str(_JARS / f"{name}.jar") for name in _NEEDED)
    command = [_java(), *_JAVA_OPTIONS, "-cp", classes, "com.pixelmed.validate.DicomSRValidator", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=230)
    if "IOD validation complete" not in done.stdout:
        return [f"no verdict, exit status {done.returncode}: {done.stderr[-300:]}"]
    lines = [line for line in done.stdout.splitlines() if line.startswith(("Error", "Warning"))]
    return sorted({re.sub(r" [\d.]+:", "", line, count=1) for line in lines if not _is_harmless(line)})


def _is_harmless(line: str) -> bool:
    return any(pattern.search(line) for pattern in HARMLESS)


def _java() -> str:
    java = find_program("java", "pixelmed-apps")
    missing = [name for name in _NEEDED if not (_JARS / f"{name}.jar").exists()]
    if missing:
        raise missing_program(f"PixelMed's {', '.join(missing)}", "Debian package pixelmed-apps")
    return java
