"""What a node is told: one Struct, read from ``config.toml``, bounded and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from hanse.model.errors import BadConfig
from hanse.model.ids import Key, Title
from hanse.model.money import Currency
from hanse.transmit.lease import LEASE_S

CONFIG_FILE = "config.toml"
CONFIG_BYTES_MAX = 1_000_000

RoleName = Literal["gate", "collect", "decide", "plan", "flow"]
ROLES: tuple[RoleName, ...] = ("gate", "collect", "decide", "plan", "flow")

Port = Annotated[int, Meta(ge=0, le=65_535, description="0 takes a free one")]


class FirmSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The firm this node belongs to."""

    name: Title = "My firm"
    name_zh: Annotated[str, Meta(max_length=200)] = ""
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] = "DE"
    currency: Currency = "EUR"
    timezone: Annotated[str, Meta(max_length=64)] = "UTC"
    vat_id: Annotated[str, Meta(max_length=30, description="On invoices; empty: no tax")] = ""
    vat_percent: Annotated[str, Meta(pattern=r"^\d{1,2}(\.\d{1,2})?$")] = "0"
    language: Annotated[str, Meta(pattern=r"^(en|zh)$")] = "en"


class WebSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The door for people and partners."""

    host: Annotated[str, Meta(max_length=255, description="Address to listen on")] = "127.0.0.1"
    port: Port = 8443
    public_url: Annotated[
        str, Meta(max_length=300, description="How partners reach this node; empty: host and port")
    ] = ""
    tls: Annotated[bool, Meta(description="Off only behind a proxy or on loopback")] = True
    nearby: Annotated[
        bool, Meta(description="Show this node on the local network and look for others")
    ] = False
    domain: Annotated[
        str, Meta(max_length=253, description="The firm's domain; hanse doctor looks at its record")
    ] = ""
    name_server: Annotated[
        str, Meta(max_length=80, description="address or address:port; empty: the system's own")
    ] = ""


class BrokerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The broker: embedded unless ``url`` names a cluster."""

    url: Annotated[
        str, Meta(max_length=500, description="nats://a,nats://b of a cluster; empty: embedded")
    ] = ""
    replicas: Annotated[
        int, Meta(ge=1, le=5, description="Servers that keep each stream: 3 in a cluster")
    ] = 1
    lease_s: Annotated[
        float,
        Meta(ge=1.5, le=60, description="Seconds until another machine collects for a dead one"),
    ] = LEASE_S
    port: Port = 0
    mqtt_port: Annotated[
        int, Meta(ge=0, le=65_535, description="Where devices publish MQTT; 0: no such door")
    ] = 0
    mqtt_host: Annotated[
        str, Meta(max_length=200, description="Address of that door: 0.0.0.0 opens it to the net")
    ] = "127.0.0.1"
    mqtt_tls: Annotated[bool, Meta(description="Encrypt that door with the node's certificate")] = (
        True
    )
    telemetry_mb: Annotated[int, Meta(ge=16, le=10_000_000)] = 1_024
    events_mb: Annotated[int, Meta(ge=16, le=1_000_000)] = 256


class RecordSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where business facts are kept: SQLite in the folder unless ``url`` names PostgreSQL."""

    url: Annotated[str, Meta(max_length=500)] = ""
    letters_days: Annotated[
        int, Meta(ge=30, le=36_500, description="How long answered letters are kept")
    ] = 400


Days = Annotated[int, Meta(ge=1, le=36_500)]


class KeepSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A class of signals and how long it is kept."""

    signals: Annotated[tuple[Annotated[str, Meta(max_length=80)], ...], Meta(max_length=100)] = ()
    days: Days = 400
    rollup_days: Days = 3_650


ClassName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,19}$")]


class HistorySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the history is kept (on several machines: a folder all of them see), and how long."""

    folder: Annotated[
        str, Meta(max_length=1_000, description="Path; empty: in the node's folder")
    ] = ""
    merge_every_s: Annotated[
        float, Meta(ge=10, le=86_400, description="Seconds between two runs of the merging process")
    ] = 600.0
    days: Annotated[Days, Meta(description="How long samples are kept")] = 400
    rollup_days: Annotated[Days, Meta(description="How long rollups are kept")] = 3_650
    keep: Annotated[
        dict[ClassName, KeepSettings],
        Meta(max_length=15, description="Classes kept otherwise: signals (names, with *), days"),
    ] = {}


class PolicySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What may happen with no person asked. Money in minor units of the firm's currency."""

    award_alone_up_to_minor: Annotated[int, Meta(ge=0, le=10**12)] = 2_000_000
    accept_alone_up_to_minor: Annotated[int, Meta(ge=0, le=10**12)] = 5_000_000
    quote_alone: bool = True
    agree_changes_alone: bool = True
    despatch_alone: Annotated[bool, Meta(description="When the work is done")] = True
    invoice_alone: Annotated[bool, Meta(description="When the buyer has the goods")] = True
    ripple_alone: Annotated[
        bool, Meta(description="Tell partners of disturbances that hit them, and answer theirs")
    ] = True
    ripple_hops: Annotated[int, Meta(ge=1, le=8, description="Firms a disturbance goes on to")] = 3
    closing_s: Annotated[
        int,
        Meta(ge=0, le=30 * 86_400, description="From an award to its order; 0 orders at once"),
    ] = 0
    payment_days: Annotated[int, Meta(ge=0, le=365, description="In our quotes")] = 30
    cancellation_fee_percent: Annotated[
        str, Meta(pattern=r"^\d{1,2}(\.\d{1,2})?$", description="In our quotes")
    ] = "10"
    quote_valid_s: Annotated[int, Meta(ge=10, le=90 * 86_400)] = 3_600
    answer_within_s: Annotated[float, Meta(gt=0, le=30 * 86_400)] = 10.0
    margin: Annotated[float, Meta(ge=0, le=10, description="Added to cost in quotes")] = 0.15
    lateness_minor_per_h: Annotated[int, Meta(ge=0, le=10**9)] = 2_000


class WordsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How free words find a capability."""

    rerank: Annotated[
        bool, Meta(description="Weigh candidates by a language model too; needs hanse[rerank]")
    ] = False


class DemonstrationSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A chain of sample firms on one machine, for those who look at it."""

    chain: Annotated[
        str, Meta(max_length=1_000, description="Path of its chain.json; shown at /chain")
    ] = ""


class DecideSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The rule engine: with more than one process the plant's partitions are shared among them."""

    processes: Annotated[int, Meta(ge=1, le=16, description="Processes of the role decide")] = 1


class LifeWatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The machines of a type are watched for how long they will last: a ``[[life]]`` each.

    ``signals`` are read in steps of ``step_s``; those in ``settings`` say how the machine is run.
    A life ends where the rule ``failed_by`` raises its alarm, and a new one begins where it ends.
    ``horizon_s`` is how far ahead the planner wants to know; looking after takes ``repair_s``.
    """

    asset_type: Key
    signals: Annotated[tuple[str, ...], Meta(min_length=1, max_length=512)]
    settings: Annotated[tuple[str, ...], Meta(max_length=16)] = ()
    failed_by: Key
    step_s: Annotated[float, Meta(ge=60, le=7 * 86_400)] = 3_600.0
    horizon_s: Annotated[float, Meta(gt=0, le=366 * 86_400)] = 7 * 86_400.0
    repair_s: Annotated[int, Meta(ge=60, le=30 * 86_400)] = 4 * 3_600
    cap_steps: Annotated[float, Meta(ge=10, le=100_000)] = 125.0


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a node is told."""

    firm: FirmSettings = FirmSettings()
    web: WebSettings = WebSettings()
    broker: BrokerSettings = BrokerSettings()
    record: RecordSettings = RecordSettings()
    history: HistorySettings = HistorySettings()
    policy: PolicySettings = PolicySettings()
    words: WordsSettings = WordsSettings()
    demonstration: DemonstrationSettings = DemonstrationSettings()
    decide: DecideSettings = DecideSettings()
    life: Annotated[tuple[LifeWatch, ...], Meta(max_length=100)] = ()
    roles: tuple[RoleName, ...] = ROLES
    log_level: Annotated[str, Meta(pattern=r"^(debug|info|warning|error)$")] = "info"


def read_settings(folder: Path) -> Settings:
    """The settings of a node's folder; the defaults where it has no ``config.toml``.

    Raises:
        BadConfig: not TOML, an unknown name, or a value out of its bounds.
    """
    path = folder / CONFIG_FILE
    if not path.exists():
        return Settings()
    raw = path.read_bytes()
    if len(raw) > CONFIG_BYTES_MAX:
        raise BadConfig("the settings file is too large", subject=str(path))
    try:
        return msgspec.toml.decode(raw, type=Settings)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise BadConfig(
            str(error), subject=str(path), remedy="Correct that line; ./dev docs lists all settings"
        ) from error


def write_settings(folder: Path, settings: Settings) -> None:
    """Write ``config.toml`` whole."""
    (folder / CONFIG_FILE).write_bytes(msgspec.toml.encode(settings))
