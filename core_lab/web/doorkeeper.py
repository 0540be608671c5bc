"""Asked before any page: is this request meant for us, from our own pages, and from someone who was let in?

The page shows medical images, and every browser tab on the machine can send requests to a loopback port. So: a Host
header that we know (DNS rebinding), nothing started by another site (Sec-Fetch-Site, Origin), GET only, a session
for everything but health and style; and headers that keep the answer where it belongs. Where pictures may be handed
in, something may be sent too: below one path, by our own page and nobody else (Origin must be said), of bounded size.
"""

from __future__ import annotations

import socket
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core_lab.access import SESSION_SECONDS, Access
from core_lab.web.refusal import refusal
from dicom_node.settings import NodeSettings, WebSection

_WITHOUT_SESSION: Final = ("/healthz", "/static/")
"""Health, and style for the pages that refuse: everything else asks who is there."""
UPLOADS: Final = "/api/upload/"
"""Below it something may be sent, where the settings allow uploads."""
UPLOAD_PAGE: Final = "/upload"
OWNER: Final = "rheumascore.session"
"""Key of the request's scope: whose session it is."""
_FORM_BYTES: Final = 64 << 10
_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Doorkeeper:
    """ASGI middleware around the whole page."""

    def __init__(self, app: ASGIApp, access: Access, settings: NodeSettings) -> None:
        self._app, self._access, self._upload = app, access, settings.upload
        self._hosts = allowed_hosts(settings.web)
        self._cookie = f"rheumascore_{settings.web.port}"  # cookies know no ports: two nodes on a machine stay apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._refuse(Headers(scope=scope), scope)
        if answer is not None:
            answer.headers["Connection"] = "close"  # whatever else it sends is not read
        answer = answer or self._let_in(Headers(scope=scope), scope)
        await (answer or self._app)(scope, receive, _with_security_headers(send))

    def _refuse(self, headers: Headers, scope: Scope) -> Response | None:
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            return refusal(scope, HTTPStatus.BAD_REQUEST, "This address is not the page's own. Open it as printed.")
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return refusal(scope, HTTPStatus.FORBIDDEN, "Another site sent you here. Type the page's address instead.")
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return refusal(scope, HTTPStatus.FORBIDDEN, "Another site asked for this. Type the page's address instead.")
        if scope["method"] not in {"GET", "HEAD"}:
            return self._refuse_sent(headers, scope)
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return refusal(scope, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This page takes no content.")
        return None

    def _refuse_sent(self, headers: Headers, scope: Scope) -> Response | None:
        """What is sent must come from our own page, to the one place that takes it, and say how long it is."""
        if not (self._upload.on and scope["path"].startswith(UPLOADS) and scope["method"] in {"POST", "DELETE"}):
            return refusal(scope, HTTPStatus.METHOD_NOT_ALLOWED, "This page only shows; nothing can be sent to it.")
        if "origin" not in headers:  # browsers say it with everything that is sent; the right one was asked for above
            return refusal(scope, HTTPStatus.FORBIDDEN, "Pictures are handed in through the page itself.")
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit():
            return refusal(scope, HTTPStatus.LENGTH_REQUIRED, "What is sent must say how long it is.")
        limit = self._upload.picture_bytes if scope["path"] == f"{UPLOADS}pictures" else _FORM_BYTES
        if int(length) > limit:
            return refusal(scope, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {limit} bytes are not taken here.")
        return None

    def _let_in(self, headers: Headers, scope: Scope) -> Response | None:
        """None: go on. Else the redirect that ends the token's only use, or the refusal."""
        session = self._session(headers)
        if not self.asks_for_session(scope["path"]) or self._access.holds(session):
            scope[OWNER] = session
            return None
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        prefetched = "prefetch" in headers.get("sec-purpose", "") + headers.get("purpose", "")
        opened = self._access.exchange(token) if token and not prefetched and scope["method"] == "GET" else None
        if opened is None:
            said = "This token was used before, or is wrong." if token else "You are not signed in."
            return refusal(
                scope,
                HTTPStatus.FORBIDDEN,
                f"{said} Open the full address that was printed when the page started; it works once. "
                "Starting the page again (rheumascore web or run) prints a new one.",
            )
        answer = RedirectResponse(UPLOAD_PAGE if scope["path"] == UPLOAD_PAGE else "/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, opened, max_age=SESSION_SECONDS, httponly=True, samesite="lax")
        return answer

    @staticmethod
    def asks_for_session(path: str) -> bool:
        """False for what is open to everybody who reaches the port."""
        return not path.startswith(_WITHOUT_SESSION)

    def _session(self, headers: Headers) -> str:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return ""
        return morsel.value if morsel else ""


def allowed_hosts(web: WebSection) -> frozenset[str]:
    """The Host headers that mean this page: the configured address, and the names of loopback or of this machine."""
    names = {web.host.lower()}
    if web.loopback or _is_every_address(web.host):
        names |= {"localhost", "127.0.0.1", "::1"}
    if _is_every_address(web.host):
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    bracketed = {f"[{n}]" if ":" in n else n for n in names}
    return frozenset(f"{n}:{web.port}" for n in bracketed) | (frozenset(bracketed) if web.port == 80 else frozenset())


def _is_every_address(host: str) -> bool:
    return host in {"", "0.0.0.0", "::"}  # noqa: S104  # compared with, not bound


def _with_security_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _SECURITY_HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
