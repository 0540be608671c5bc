"""node.toml -> one frozen NodeSettings, checked whole: every fault in one go, before anything starts."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from dicom_node.alert_settings import AlertsSection, alert_faults
from dicom_node.delivery.patience import DeliverySection, delivery_faults
from dicom_node.errors import SettingsError
from dicom_node.peers import NOT_A_KEY, Peer, faults_of_peer
from dicom_node.retention_settings import RetentionSection, retention_faults
from dicom_node.secret import NO_SECRET, Secret
from dicom_node.tls_settings import TlsSection
from dicom_node.upload_settings import UploadSection, upload_faults

ENVIRONMENT_PREFIX: Final = "RHEUMASCORE__"
_QUEUE_SCHEMES: Final = ("amqp://", "amqps://", "redis://", "rediss://")
_DATABASE_SCHEMES: Final = ("sqlite:///", "postgresql+psycopg://")


@dataclass(frozen=True, slots=True)
class NodeSection:
    """``[node]``: who we are on the network and where everything is kept."""

    ae_title: str = "RHEUMASCORE"
    host: str = "127.0.0.1"
    port: int = 11112
    data_dir: Path = Path("data")
    quiet_seconds: float = 5.0
    max_wait_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class WebSection:
    """``[web]``: the page. Loopback only; a one-time token is printed at start."""

    host: str = "127.0.0.1"
    port: int = 8080

    @property
    def loopback(self) -> bool:
        """True when only this machine can reach the page."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True)
class ScoringSection:
    """``[scoring]``: which results may leave the house."""

    accept_demonstration_weights: bool = False
    commercial: bool = False
    """True: weights whose licence forbids commercial use are refused."""
    systems: tuple[str, ...] = ()
    """Keys of the systems to use; empty: all that are installed."""
    weights: Mapping[str, Path] = field(default_factory=dict)
    """By key of a system: the folder of a training run or of a bundle whose weights it scores with, not its own."""


@dataclass(frozen=True, slots=True)
class TrialSection:
    """``[trial]``: what the trial asks of the systems (``scoring.trial``)."""

    protocol: Path | None = None
    """The trial.toml; None: the systems ask what they propose."""


@dataclass(frozen=True, slots=True)
class DatabaseSection:
    """``[database]``: empty url: SQLite in data_dir."""

    url: Secret = NO_SECRET
    """With the password of the database, where it has one."""


@dataclass(frozen=True, slots=True)
class QueueSection:
    """``[queue]``: empty url: the embedded queue; ``amqp://`` and ``redis://`` name a server."""

    url: Secret = NO_SECRET
    """With the password of the broker, where it has one."""


@dataclass(frozen=True, slots=True)
class LimitsSection:
    """``[limits]``: marks past which the answer is a refusal, never a crash."""

    associations: int = 32
    connections: int = 64
    pdu_bytes: int = 131_072
    instance_bytes: int = 512 << 20
    decoded_pixel_values: int = 200_000_000
    free_disk_bytes: int = 1 << 30
    bytes_in_flight: int = 2 << 30
    """Of instances that are not whole yet, all associations together."""
    waiting_jobs: int = 100_000
    attempts: int = 3
    """Failed attempts at a job before it is parked for a person."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Everything the node was told, read once and passed in."""

    node: NodeSection = field(default_factory=NodeSection)
    web: WebSection = field(default_factory=WebSection)
    upload: UploadSection = field(default_factory=UploadSection)
    peers: tuple[Peer, ...] = ()
    tls: TlsSection = field(default_factory=TlsSection)
    scoring: ScoringSection = field(default_factory=ScoringSection)
    trial: TrialSection = field(default_factory=TrialSection)
    database: DatabaseSection = field(default_factory=DatabaseSection)
    queue: QueueSection = field(default_factory=QueueSection)
    limits: LimitsSection = field(default_factory=LimitsSection)
    retention: RetentionSection = field(default_factory=RetentionSection)
    alerts: AlertsSection = field(default_factory=AlertsSection)
    delivery: DeliverySection = field(default_factory=DeliverySection)
    source: Path | None = None
    """The file it was read from."""

    @property
    def destinations(self) -> tuple[Peer, ...]:
        """The peers that get results."""
        return tuple(p for p in self.peers if p.receives_results)

    @property
    def database_url(self) -> str:
        """SQLAlchemy's URL of the ledger; it may hold a password."""
        return self.database.url.reveal() or f"sqlite:///{self.node.data_dir / 'ledger.sqlite3'}"

    def peer(self, name: str) -> Peer:
        """The peer with this name; SettingsError lists the names that exist."""
        for peer in self.peers:
            if peer.name == name:
                return peer
        known = ", ".join(p.name for p in self.peers) or "none"
        raise SettingsError(f"There is no peer {name!r}; configured: {known}. Add a [[peers]] entry to node.toml.")


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> NodeSettings:
    """Read node.toml with overrides ``RHEUMASCORE__SECTION__KEY`` (a secret also as ``…_FILE``).

    Relative paths count from the file's folder. Raises SettingsError listing every fault: key, what it got, what is
    allowed.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist; `rheumascore config example` prints one to start from.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from None
    faults: list[str] = []
    _override(raw, environment, faults)
    settings = _read_sections(raw, path, faults)
    if settings is not None:
        faults += _contradictions(settings)
    if faults or settings is None:
        raise SettingsError(f"{path.name} has {len(faults)} fault(s):\n" + "\n".join(f"  {f}" for f in faults))
    return settings


def _override(raw: dict[str, Any], environment: Mapping[str, str], faults: list[str]) -> None:
    for name, value in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        text = value
        if key.endswith("_file") and not _is_path(section, key.removesuffix("_file")):
            key, text = key.removesuffix("_file"), ""
            try:
                text = Path(value).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                faults.append(f"{name}: the file it names cannot be read")
        if section and key and isinstance(table := raw.setdefault(section, {}), dict):
            key, _, entry = key.removesuffix("_file").partition("__")
            if entry and isinstance(inner := table.setdefault(key, {}), dict):
                table, key = inner, entry
            table[key] = _FromEnvironment(text)


def _is_path(section: str, key: str) -> bool:
    """A key that names a file anyway: ``…__TLS__KEY_FILE`` and ``…__TLS__KEY`` mean the same."""
    kind = get_type_hints(NodeSettings).get(section)
    return isinstance(kind, type) and get_type_hints(kind).get(key) in (Path, Path | None)


class _FromEnvironment(str):
    """A value from the environment: what it is, a text or a number, is for the key to say that it is meant for."""

    __slots__ = ()


def _plain(text: str) -> Any:
    """A value from the environment, read as TOML where it is a number, a flag or a list, else as text."""
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, (int, float, bool, list)) else text


def _read_sections(raw: dict[str, Any], path: Path, faults: list[str]) -> NodeSettings | None:
    sections: dict[str, Any] = {"source": path}
    hints, folder = get_type_hints(NodeSettings), path.resolve().parent
    known = [f.name for f in fields(NodeSettings) if f.name != "source"]
    for name, value in raw.items():
        if name not in known:
            faults.append(f"[{name}]: no such section; allowed: {', '.join(known)}")
        elif name == "peers":
            entries = value if isinstance(value, list) else [value]
            sections["peers"] = tuple(
                p
                for n, e in enumerate(entries)
                if (p := _read_table(Peer, e, f"peers[{n}]", folder, faults)) is not None
            )
        else:
            sections[name] = _read_table(hints[name], value, name, folder, faults)
    if isinstance(tls := raw.get("tls"), dict) and "certificate" not in tls:  # never plain by a slip of the pen
        faults.append('tls.certificate: is missing; certificate = "" for plain DICOM')
    if any(v is None for v in sections.values()):
        return None
    settings = NodeSettings(**sections)
    node, tls = replace(settings.node, data_dir=folder / settings.node.data_dir), settings.tls.below(folder)
    weights = {key: folder / path for key, path in settings.scoring.weights.items()}
    scoring = replace(settings.scoring, weights=weights)
    trial = TrialSection(folder / settings.trial.protocol if settings.trial.protocol else None)
    peers = tuple(replace(peer, our_tls=tls) if peer.tls else peer for peer in settings.peers)
    return replace(settings, node=node, tls=tls, peers=peers, scoring=scoring, trial=trial)


def keys_of(kind: Any) -> dict[str, Field[Any]]:
    """The keys of a section of node.toml, with what stands for each in its dataclass."""
    return {f.name: f for f in fields(kind) if f.metadata != NOT_A_KEY}


def _read_table(kind: Any, raw: Any, where: str, folder: Path, faults: list[str]) -> Any:
    if not isinstance(raw, dict):
        faults.append(f"{where}: must be a table, found {type(raw).__name__}")
        return None
    before, values, hints, known = len(faults), {}, get_type_hints(kind), keys_of(kind)
    raw = _with_opened_secrets(raw, hints, where, folder, faults)
    for key, value in raw.items():
        if key not in known:
            faults.append(f"{where}.{key}: no such key; allowed: {', '.join(known)}")
            continue
        values[key] = _read_value(hints[key], value, f"{where}.{key}", faults)
    for key, spec in known.items():
        if key not in raw and _required(spec):
            faults.append(f"{where}.{key}: is missing")
    return kind(**values) if len(faults) == before else None


def _with_opened_secrets(
    raw: dict[str, Any], hints: Mapping[str, Any], where: str, folder: Path, faults: list[str]
) -> dict[str, Any]:
    """The same table, with the text of the file in place of each ``SECRET_file``."""
    opened = {}
    for key, value in raw.items():
        secret = key.removesuffix("_file")
        if secret == key or hints.get(secret) is not Secret:
            opened[key] = value
            continue
        try:
            opened[secret] = (folder / str(value)).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            faults.append(f"{where}.{key}: the file it names cannot be read")
    return opened


def _required(spec: Field[Any]) -> bool:
    return spec.default is MISSING and spec.default_factory is MISSING


def _read_value(wanted: Any, value: Any, where: str, faults: list[str]) -> Any:
    if wanted is Secret:  # what it got is not repeated, whatever it is
        if not isinstance(value, str):
            faults.append(f"{where}: allowed: a text")
            return None
        return Secret(value)
    if isinstance(value, _FromEnvironment):
        value = str(value) if wanted is str else _plain(value)
    if get_origin(wanted) is Literal:
        allowed = get_args(wanted)
        if value not in allowed:
            faults.append(f"{where}: got {value!r}, allowed: {', '.join(map(str, allowed))}")
        return value
    if wanted == Path | None and value == "":
        return None
    if get_origin(wanted) in (Union, UnionType):  # X | None: absent means None, so a value is an X
        return _read_value(get_args(wanted)[0], value, where, faults)
    if get_origin(wanted) is tuple and get_origin(member := get_args(wanted)[0]) is Literal:
        if not isinstance(value, list):
            faults.append(f"{where}: got {value!r}, allowed: a list of {', '.join(get_args(member))}")
            return ()
        return tuple(_read_value(member, v, f"{where}[{n}]", faults) for n, v in enumerate(value))
    if get_origin(wanted) is tuple:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            faults.append(f"{where}: got {value!r}, allowed: a list of texts")
            return ()
        return tuple(value)
    if get_origin(wanted) is Mapping:
        if not isinstance(value, dict):
            faults.append(f"{where}: got {value!r}, allowed: a table")
            return {}
        return {key: _read_value(get_args(wanted)[1], one, f"{where}.{key}", faults) for key, one in value.items()}
    if wanted is Path and isinstance(value, str):
        return Path(value).expanduser()
    if wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        names = {int: "a whole number", str: "a text", bool: "true or false", float: "a number", Path: "a path"}
        faults.append(f"{where}: got {value!r}, allowed: {names.get(wanted, wanted)}")
    return value


def _contradictions(settings: NodeSettings) -> list[str]:
    node, faults = settings.node, list[str]()
    titles = [("node.ae_title", node.ae_title)]
    ports = [("node.port", node.port), ("web.port", settings.web.port)]
    for n, peer in enumerate(settings.peers):
        titles += [(f"peers[{n}].ae_title", t) for t in (peer.ae_title, *peer.ae_titles)]
        ports.append((f"peers[{n}].port", peer.port))
        faults += faults_of_peer(peer, f"peers[{n}]", tls=settings.tls.on)
    for where, title in titles:
        if not 1 <= len(title.strip()) <= 16 or "\\" in title or not title.isascii() or not title.isprintable():
            faults.append(f"{where}: got {title!r}, allowed: 1 to 16 printable ASCII characters without backslash")
    for where, port in ports:
        if not 1 <= port <= 65535:
            faults.append(f"{where}: got {port}, allowed: 1 to 65535")
    if node.quiet_seconds <= 0:
        faults.append(f"node.quiet_seconds: got {node.quiet_seconds:g}, allowed: more than 0")
    if node.max_wait_seconds < node.quiet_seconds:
        faults.append(f"node.max_wait_seconds: got {node.max_wait_seconds:g}, allowed: at least quiet_seconds")
    if (node.host, node.port) == (settings.web.host, settings.web.port):
        faults.append(f"web.port: got {settings.web.port}, allowed: another port than node.port")
    if settings.tls.also_plain_port in (node.port, settings.web.port):
        faults.append(f"tls.also_plain_port: got {settings.tls.also_plain_port}, allowed: a port that is not used yet")
    faults += settings.tls.faults()
    faults += delivery_faults(settings.delivery) + upload_faults(settings.upload, loopback=settings.web.loopback)
    names = [p.name for p in settings.peers]
    for name in sorted({n for n in names if names.count(n) > 1}):
        faults.append(f"peers: the name {name!r} is used {names.count(name)} times, allowed: once")
    faults += retention_faults(settings.retention) + alert_faults(settings.alerts)
    faults += _faults_of_url("queue", settings.queue.url, _QUEUE_SCHEMES, "the embedded queue")
    faults += _faults_of_url("database", settings.database.url, _DATABASE_SCHEMES, "SQLite in data_dir")
    return faults


def _faults_of_url(section: str, url: Secret, schemes: tuple[str, ...], without: str) -> list[str]:
    """Looked at here and not repeated, because a library would quote what it cannot read, with the password."""
    if url and not url.reveal().startswith(schemes):
        return [f"{section}.url: allowed: {', '.join(s + '…' for s in schemes)} or nothing for {without}"]
    try:
        _ = urlsplit(url.reveal()).port
    except ValueError:
        return [f"{section}.url: host and port cannot be read; write a password's special characters as %XX"]
    return []
