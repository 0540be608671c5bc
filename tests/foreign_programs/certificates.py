"""An authority of our own and certificates of every kind, made by the ``openssl`` program."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.foreign_programs.programs import find_program

_KEY = ("-newkey", "rsa:2048", "-noenc")


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, each a PEM file."""

    certificate: Path
    key: Path

    @property
    def sha256(self) -> str:
        """Its fingerprint of 64 digits, as ``openssl`` says it."""
        said = openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", self.certificate)
        return said.strip().partition("=")[2].replace(":", "").lower()


class Authority:
    """Signs certificates. ``folder`` holds them; the authority's own is ``certificate``."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, name
        self.certificate, self._key = folder / f"{name}.crt", folder / f"{name}.key"
        subject = ("-subj", f"/CN={name}", "-days", "3650")
        openssl("req", "-x509", *_KEY, *subject, "-keyout", self._key, "-out", self.certificate)

    def pair(self, name: str, *, days: int = 365, names: str = "IP:127.0.0.1,DNS:localhost") -> Pair:
        """A certificate of this authority for ``name``; ``names``: its Subject Alternative Name; 0 days: has ended."""
        made = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
        openssl("req", *_KEY, "-subj", f"/O=Tests/CN={name}", "-keyout", made.key, "-out", request)
        signed_by = ("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial")
        openssl(
            "x509", "-req", "-in", request, *signed_by, "-days", days, "-extfile", extensions, "-out", made.certificate
        )
        return made


def self_signed(folder: Path, name: str) -> Pair:
    """A certificate that nobody else signed."""
    made = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    openssl("req", "-x509", *_KEY, "-subj", f"/CN={name}", "-days", 365, "-keyout", made.key, "-out", made.certificate)
    return made


def openssl(*arguments: str | int | Path) -> str:
    """Run it; what it prints."""
    command = [find_program("openssl", "openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
