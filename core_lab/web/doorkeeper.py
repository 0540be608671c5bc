"""Asked before any page: is this request meant for us, from our own pages, and from someone who was let in?

The page shows medical images, and every browser tab on the machine can send requests to a loopback port. So: a Host
header that we know (DNS rebinding), nothing started by another site (Sec-Fetch-Site, Origin), GET only, a session
for everything but health and style; and headers that keep the answer where it belongs.
"""

from __future__ import annotations

import ipaddress
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
from dicom_node.settings import WebSection

_WITHOUT_SESSION: Final = ("/healthz", "/static/")
"""Health, and style for the pages that refuse: everything else asks who looks."""
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

    def __init__(self, app: ASGIApp, access: Access, web: WebSection) -> None:
        self._app, self._access = app, access
        self._hosts = allowed_hosts(web)
        self._cookie = f"rheumascore_{web.port}"  # cookies do not know ports: two nodes on one machine stay apart

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
            return refusal(scope, HTTPStatus.METHOD_NOT_ALLOWED, "This page only shows; nothing can be sent to it.")
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return refusal(scope, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This page takes no content.")
        return None

    def _let_in(self, headers: Headers, scope: Scope) -> Response | None:
        """None: go on. Else the redirect that ends the token's only use, or the refusal."""
        if not self.asks_for_session(scope["path"]) or self._access.holds(self._session(headers)):
            return None
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        prefetched = "prefetch" in headers.get("sec-purpose", "") + headers.get("purpose", "")
        session = self._access.exchange(token) if token and not prefetched else None
        if session is None:
            said = "This token was used before, or is wrong." if token else "You are not signed in."
            return refusal(
                scope,
                HTTPStatus.FORBIDDEN,
                f"{said} Open the full address that was printed when the page started; it works once. "
                "Starting the page again (rheumascore web or run) prints a new one.",
            )
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, session, max_age=SESSION_SECONDS, httponly=True, samesite="lax")
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
    if is_loopback(web.host) or _is_every_address(web.host):
        names |= {"localhost", "127.0.0.1", "::1"}
    if _is_every_address(web.host):
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    bracketed = {f"[{n}]" if ":" in n else n for n in names}
    return frozenset(f"{n}:{web.port}" for n in bracketed) | (frozenset(bracketed) if web.port == 80 else frozenset())


def is_loopback(host: str) -> bool:
    """True when only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
