"""Tables of the conformance statement about the network: what is taken, what is answered, what is proposed."""

from __future__ import annotations

import ast
import inspect
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, Final

from pydicom.uid import UID
from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION

from dicom_node import peers, settings
from dicom_node.delivery import association_to_peer, store_scu
from dicom_node.delivery.accepted_forms import kinds_of_rungs
from dicom_node.delivery.store_answer import read_store_status
from dicom_node.peers import Peer
from dicom_node.receiving import association_guard, implementation, presentation_contexts, store_status, tls_handshake
from dicom_node.receiving import rejections as reasons_to_reject
from docs.code_facts import documented, example_comments, markdown_table, words_at
from sr_templates import uids
from sr_templates.document_forms import LADDER, SECONDARY_CAPTURE, SOP_CLASS_OF_FORM

_NODE: Final = Path(settings.__file__).parent
_MEANT: Final = {
    "sent": "stored; not sent again",
    "later": "sent again later, for ever, with growing pauses",
    "never": "not sent again by itself; the study waits for a person",
    "unknown": "sent again: the same bytes under the same UID",
}


def storage_classes() -> str:
    """Every Storage SOP class that the port takes."""
    taken = sorted(presentation_contexts.storage_classes(), key=lambda uid: [int(part) for part in uid.split(".")])
    return markdown_table(("SOP class", "UID"), [(UID(uid).name, f"`{uid}`") for uid in taken])


def transfer_syntaxes() -> str:
    """What the port decodes, in the order of the code."""
    rows = [
        (syntax.name, f"`{syntax}`", kind)
        for kind, group in (
            ("uncompressed", presentation_contexts.UNCOMPRESSED),
            ("compressed", presentation_contexts.COMPRESSED),
        )
        for syntax in group
    ]
    return markdown_table(("transfer syntax", "UID", "kind"), rows)


def rejections() -> str:
    """When an association is rejected (PS3.8 table 9-21)."""
    found = [v for v in vars(reasons_to_reject).values() if isinstance(v, reasons_to_reject.Rejection)]
    results = {1: "1, rejected permanent", 2: "2, rejected transient"}
    rows = [(r.words, results[r.result], r.source, r.reason) for r in found]
    return markdown_table(("when", "result", "source", "reason"), rows)


def tls_refusals() -> str:
    """Why a caller does not come through the TLS handshake, in the words of log and audit trail."""
    causes = {tls_handshake.PLAIN_TEXT: ["nothing: seen at the first byte"], tls_handshake.NOT_IN_TIME: ["nothing"]}
    for reason, words in tls_handshake.REASONS.items():
        causes.setdefault(words, []).append(f"`{reason}`")
    for number, words in tls_handshake.OF_CERTIFICATE.items():
        causes.setdefault(words, []).append(f"verification error {number}")
    causes[tls_handshake.ANY_OTHER_OF_CERTIFICATE] = ["any other verification error"]
    causes[tls_handshake.ANY_OTHER] = ["anything else"]
    return markdown_table(("in log and audit trail", "OpenSSL says"), [(w, ", ".join(c)) for w, c in causes.items()])


def store_statuses() -> str:
    """What the port answers to C-STORE and with which Error Comments."""
    folder = _NODE / "receiving"
    said: dict[str, list[str]] = {}
    for callee in ("InstanceRefusedError", "StoreAnswer"):
        for name, words in words_at(folder, callee):
            said.setdefault(name, []).append(words)
    rows = [
        (f"0x{getattr(store_status, name):04X}", meaning, "; ".join(dict.fromkeys(said.get(name, ()))) or "none")
        for name, meaning in documented(store_status).items()
    ]
    return markdown_table(("status", "meaning", "Error Comment (0000,0902)"), rows)


def store_answers() -> str:
    """What becomes of an object after each answer of a peer: every status from 0 to 0xFFFF is asked of the code."""
    runs: list[tuple[int, int, str, str]] = []
    for status in range(0x10000):
        answer = read_store_status(status)
        words = answer.text.partition(", ")[2]
        if runs and runs[-1][1] == status - 1 and runs[-1][2:] == (answer.verdict, words):
            runs[-1] = (runs[-1][0], status, answer.verdict, words)
        else:
            runs.append((status, status, answer.verdict, words))
    rest = ("never", "failure")
    rows = [(_status_range(first, last), words, _MEANT[verdict]) for first, last, verdict, words in runs
            if (verdict, words) != rest]  # fmt: skip
    rows.append(("any other", rest[1], _MEANT[rest[0]]))
    rows.append(("none in time, or the answer to another message", "unknown", _MEANT["unknown"]))
    return markdown_table(("status", "read as", "then"), rows)


def _status_range(first: int, last: int) -> str:
    return f"0x{first:04X}" if first == last else f"0x{first:04X}-0x{last:04X}"


def proposed_contexts() -> str:
    """What is proposed when results are delivered, one presentation context for each row."""
    names = {SOP_CLASS_OF_FORM.get(form, SECONDARY_CAPTURE): form for form in reversed(LADDER)}
    asked = kinds_of_rungs(Peer("example", "PACS", "127.0.0.1", 104))
    rows = [(UID(c).name, f"`{c}`", UID(s).name, names[c]) for c, s in sorted(asked)]
    return markdown_table(("abstract syntax", "UID", "transfer syntax", "form"), rows)


def implementation_names() -> str:
    """How we name ourselves."""
    named = {
        "accepting, and files as received": (
            implementation.IMPLEMENTATION_CLASS_UID,
            implementation.IMPLEMENTATION_VERSION_NAME,
        ),
        "requesting (pynetdicom's own)": (PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION),
        "files of results": (uids.IMPLEMENTATION_CLASS_UID, uids.IMPLEMENTATION_VERSION_NAME),
    }
    rows = [(where, f"`{uid}`", f"`{name}`") for where, (uid, name) in named.items()]
    return markdown_table(("where", "Implementation Class UID", "Implementation Version Name"), rows)


def time_limits() -> str:
    """Time-outs on both sides, in seconds."""
    says = documented(association_guard.Deadlines)
    rows: list[tuple[object, ...]] = [
        ("accepting", f.name.replace("_", " "), f"{f.default:g}", says[f.name])
        for f in fields(association_guard.Deadlines)
    ]
    for module in (association_to_peer, store_scu):
        says = documented(module)
        rows += [
            ("requesting", name.strip("_").lower().replace("_", " "), f"{value:g}", says.get(name, ""))
            for name, value in _numbers(module).items()
            if "SECOND" in name
        ]
    return markdown_table(("as", "limit", "value", "meaning"), rows)


def _numbers(module: object) -> dict[str, float]:
    source = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]  # a module
    names = [n.target.id for n in source.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    return {n: v for n in names if isinstance(v := getattr(module, n), int | float)}


def setting_keys() -> str:
    """Every key of node.toml with its default; the words are those of ``rheumascore config example``."""
    says = example_comments(_NODE / "node.example.toml")
    sections: list[tuple[str, Any]] = [("peers", peers.Peer)]
    sections += [
        (f.name, f.default_factory) for f in fields(settings.NodeSettings) if isinstance(f.default_factory, type)
    ]
    rows = []
    for name, section in sections:
        below = documented(section)
        for field in settings.keys_of(section).values():
            means = says.get(f"{name}.{field.name}") or below[field.name]
            rows.append((f"`{name}.{field.name}`", field.type, _as_toml(field), means))
    return markdown_table(("key", "type", "default", "meaning"), rows)


def _as_toml(field: Field[Any]) -> str:
    value = field.default
    if value is MISSING:
        return "must be given" if field.default_factory is MISSING else "empty"
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[]"
    return f"`{value}`" if str(value) else "empty"
