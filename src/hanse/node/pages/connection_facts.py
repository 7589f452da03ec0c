"""What a connection's page says beside its figures: protocol, security, trust, device, counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanse.collect.diagnostics import Diagnostics
from hanse.collect.registry import connector
from hanse.model.text import Text
from hanse.node.connections import Pinned, Setup
from hanse.web.views.common import Fact

OPEN = Text("none: anyone on the wire can read and change it", "无:线路上的任何人都可读取和篡改")
BOTH = Text("signed and encrypted", "签名并加密")
SIGNED = Text("signed, not encrypted", "签名,未加密")
TLS = Text("TLS", "TLS")


def facts_of(setup: Setup, now: Diagnostics | None, pin: Pinned | None) -> tuple[Fact, ...]:
    """What diagnostics know beside the figures; only what there is to say."""
    facts = [Fact(Text("Protocol", "协议"), connector(setup.protocol).title)]
    secured = security_of(setup, now)
    if secured.en:
        facts.append(Fact(Text("Security", "安全"), secured))
    if pin is not None and pin.asked:
        facts.append(_fact("Certificate shown", "所示证书", f"{pin.subject} {pin.asked[:16]}"))
    if pin is not None and pin.fingerprint:
        said = f"{pin.holder} {pin.fingerprint[:16]}".strip()
        facts.append(_fact("Certificate trusted", "已信任证书", said))
    if pin is not None and pin.at is not None:
        when = pin.at.isoformat(" ", "minutes")
        facts.append(_fact("Trusted by", "信任决定", f"{pin.by}, {when}"))
    if now is None:
        return tuple(facts)
    last = now.last_sample_at
    counts = (
        ("Device", "设备型号", now.device),
        ("Last value", "最近数值", "" if last is None else last.isoformat(" ", "seconds")),
        ("Sessions begun", "已建立会话数", f"{now.attempts}"),
        ("Frames handed on", "已转交数据帧", f"{now.frames}"),
        ("Values waiting", "待转交数值", f"{now.waiting}"),
        ("Rejected", "已拒绝", f"{now.rejected}" if now.rejected else ""),
        ("Stamped anew", "时间已重置", f"{now.restamped}" if now.restamped else ""),
        ("Given up under pressure", "因过载放弃", f"{now.squeezed}" if now.squeezed else ""),
    )
    return (*facts, *(_fact(en, zh, said) for en, zh, said in counts if said))


def _fact(en: str, zh: str, said: str) -> Fact:
    return Fact(Text(en, zh), Text(said, said))


def security_of(setup: Setup, now: Diagnostics | None) -> Text:
    """How the line is protected and who logs in; empty where the protocol has nothing to say."""
    settings = setup.settings
    way = _opcua(settings, now) if setup.protocol == "opcua" else _others(settings)
    user = str(settings.get("user") or "")
    if not way.en or not user:
        return way
    return Text(f"{way.en}; logged in as {user}", f"{way.zh};以 {user} 登录")


def _opcua(settings: Mapping[str, Any], now: Diagnostics | None) -> Text:
    policy = str(settings.get("policy") or "best")
    shown = now is not None and now.certificate_days is not None
    if policy == "None" or (settings.get("insecure") and not shown):
        return OPEN
    way = SIGNED if settings.get("sign_only") else BOTH
    return way if policy == "best" else Text(f"{policy}, {way.en}", f"{policy},{way.zh}")


def _others(settings: Mapping[str, Any]) -> Text:
    if "tls" in settings:
        return TLS if settings["tls"] else OPEN
    scheme = str(settings.get("url") or "").partition("://")[0]
    return {"https": TLS, "http": OPEN}.get(scheme, Text("", ""))
