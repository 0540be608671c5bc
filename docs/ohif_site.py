"""The OHIF viewer as a site of its own on 127.0.0.1, in front of an Orthanc with the DICOMweb plugin.

Serves the published build as it is, with an ``app-config.js`` that names the one archive, and passes DICOMweb requests
on, so that the browser sees one origin.
"""

from __future__ import annotations

import json
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

_ARCHIVE_PATHS: Final = ("/dicom-web", "/wado")
_TYPES: Final = {".wasm": "application/wasm", ".js": "text/javascript", ".mjs": "text/javascript"}
_CONFIGURATION: Final = {
    "routerBasename": None,
    "extensions": [],
    "modes": [],
    "customizationService": {},
    "showStudyList": True,
    "maxNumberOfWebWorkers": 2,
    "showCPUFallbackMessage": False,
    "showErrorDetails": "always",
    "investigationalUseDialog": {"option": "never"},
    "maxNumRequests": {"interaction": 100, "thumbnail": 5, "prefetch": 25},
    "defaultDataSourceName": "orthanc",
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "orthanc",
            "configuration": {
                "friendlyName": "Orthanc",
                "name": "orthanc",
                "wadoUriRoot": "/wado",
                "qidoRoot": "/dicom-web",
                "wadoRoot": "/dicom-web",
                "qidoSupportsIncludeField": False,
                "imageRendering": "wadors",
                "thumbnailRendering": "wadors",
                "enableStudyLazyLoad": True,
                "supportsFuzzyMatching": False,
                "supportsWildcard": True,
                "bulkDataURI": {"enabled": True},
                "omitQuotationForMultipartRequest": True,
            },
        }
    ],
}


@contextmanager
def ohif_site(build: Path, orthanc_http_port: int) -> Iterator[str]:
    """Serve a build of ``@ohif/app`` (its ``dist`` folder) until the block ends; the address.

    Raises FileNotFoundError when the folder holds no build.
    """
    if not (build / "index.html").is_file():
        raise FileNotFoundError(f"{build} holds no index.html; it must be the dist folder of the package @ohif/app")

    class Handler(_OhifRequest):
        folder, archive_port = build.resolve(), orthanc_http_port

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _OhifRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    archive_port: int

    def do_GET(self) -> None:
        """A file of the build, the configuration, or what the archive answers; any other path is the application's."""
        path = self.path.partition("?")[0]
        if path.startswith(_ARCHIVE_PATHS):
            self._pass_on()
        elif path == "/app-config.js":
            self._answer(200, "text/javascript", f"window.config = {json.dumps(_CONFIGURATION)};".encode())
        else:
            file = (self.folder / path.lstrip("/")).resolve()
            if not file.is_relative_to(self.folder) or not file.is_file():
                file = self.folder / "index.html"
            kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            self._answer(200, kind, file.read_bytes())

    def log_message(self, *_: Any) -> None:
        """Silent."""

    def _pass_on(self) -> None:
        archive = HTTPConnection("127.0.0.1", self.archive_port, timeout=60)
        archive.request("GET", self.path, headers={"Accept": self.headers.get("Accept", "*/*")})
        answer = archive.getresponse()
        self._answer(answer.status, answer.headers.get("Content-Type", "text/plain"), answer.read())
        archive.close()

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        # Without these two a browser gives the viewer's decoders no shared memory.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(body)
