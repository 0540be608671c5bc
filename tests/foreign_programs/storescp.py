"""DCMTK's storescp as an archive that takes only the SOP Classes that it is told to take."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final, Self

from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.foreign_programs.programs import (
    answers_on,
    ending_with_us,
    find_program,
    free_port,
    log_tail,
    stop,
    wait_until,
)

VERIFICATION: Final = "1.2.840.10008.1.1"
UNCOMPRESSED: Final = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")


class StoreScp:
    """Runs between ``with`` and its end, on one port, as AE title ARCHIVE."""

    def __init__(
        self,
        folder: Path,
        *sop_classes: str,
        transfer_syntaxes: tuple[str, ...] = UNCOMPRESSED,
        options: tuple[str, ...] = (),
    ) -> None:
        """``options``: storescp's own, such as ``dcmtk.over_tls``."""
        self.folder, self.port = folder, free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sop_classes, self._transfer_syntaxes, self._options = sop_classes, transfer_syntaxes, options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def takes(self, *sop_classes: str) -> None:
        """From now on it takes these: begun again, on the same port."""
        self.stop()
        self._sop_classes = sop_classes
        self.start()

    def start(self) -> None:
        """Start it and wait until it listens."""
        profile = self.folder / "storescp.cfg"
        profile.write_text(self._profile(), encoding="ascii")
        program = find_program("storescp", "dcmtk")
        kept = self.folder / "kept"
        kept.mkdir(exist_ok=True)
        what = ("-aet", "ARCHIVE", "-od", kept, "-xf", profile, "Archive")
        command = ending_with_us(program, *what, *self._options, str(self.port))
        with (self.folder / "storescp.log").open("ab") as log:
            self._process = process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until("storescp listens", lambda: self._listens(process))

    def stop(self) -> None:
        """End it; what it keeps stays in its folder."""
        if self._process is not None:
            stop(self._process)

    def kept(self) -> list[Dataset]:
        """The objects that it has, in the order in which they came."""
        return [dcmread(path) for path in sorted((self.folder / "kept").iterdir(), key=lambda p: p.stat().st_mtime_ns)]

    def _listens(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, log_tail(self.folder / "storescp.log")
        return answers_on(self.port)

    def _profile(self) -> str:
        syntaxes = "".join(f"TransferSyntax{n} = {uid}\n" for n, uid in enumerate(self._transfer_syntaxes, start=1))
        classes = enumerate((VERIFICATION, *self._sop_classes), start=1)
        contexts = "".join(f"PresentationContext{n} = {uid}\\Asked\n" for n, uid in classes)
        return (
            f"[[TransferSyntaxes]]\n[Asked]\n{syntaxes}[[PresentationContexts]]\n[Contexts]\n{contexts}"
            "[[Profiles]]\n[Archive]\nPresentationContexts = Contexts\n"
        )
