"""Which protocols there are: the built-in ones, and those of other packages by entry point."""

from __future__ import annotations

import functools
import importlib
from importlib import metadata
from typing import Any

import msgspec

from hanse.collect.ports import Connector
from hanse.collect.secrets import without_secrets
from hanse.model.errors import BadConfig, NotFound

GROUP = "hanse.connectors"
BUILT_IN = (
    "opcua",
    "modbus",
    "s7",
    "mqtt",
    "sparkplug",
    "http",
    "push",
    "sql",
    "files",
    "manual",
    "replay",
)
CONNECTORS_MAX = 500


def names() -> tuple[str, ...]:
    """Every protocol by name, built-in ones first."""
    others = sorted(e.name for e in metadata.entry_points(group=GROUP) if e.name not in BUILT_IN)
    return (*BUILT_IN, *others[:CONNECTORS_MAX])


@functools.cache
def connector(name: str) -> Connector:
    """The connector of a protocol; its library is imported now, not before.

    Raises:
        NotFound: there is none.
        BadConfig: another package's entry point is not a connector.
    """
    if name in BUILT_IN:
        module = importlib.import_module(f"hanse.collect.connectors.{name}")
        return _checked(name, module.CONNECTOR)
    for entry in metadata.entry_points(group=GROUP):
        if entry.name == name:
            return _checked(name, entry.load())
    raise NotFound("no such protocol", subject=name, remedy=f"Choose one of {', '.join(names())}")


def connector_of_url(url: str) -> tuple[Connector, msgspec.Struct]:
    """The connector that speaks a URL's scheme, and the settings the URL stands for.

    Raises:
        NotFound: nobody speaks it.
        BadConfig: the URL is wrong.
    """
    scheme = url.partition(":")[0].lower()
    for name in names():
        found = connector(name)
        if scheme in found.schemes:
            return found, found.config_of_url(url)
    raise NotFound(
        f"no protocol for {scheme}:",
        subject=without_secrets(url),
        remedy=f"Known are {', '.join(schemes())}",
    )


def schemes() -> list[str]:
    """Every URL scheme that is spoken."""
    return sorted(scheme for name in names() for scheme in connector(name).schemes)


def settings_of(name: str, fields: dict[str, Any]) -> msgspec.Struct:
    """Checked settings of a protocol from plain fields (a TOML table, a form).

    Raises:
        NotFound: no such protocol.
        BadConfig: a field is missing, unknown or out of bounds.
    """
    try:
        return msgspec.convert(fields, connector(name).config, strict=False)
    except msgspec.ValidationError as error:
        raise BadConfig(
            str(error), subject=name, remedy="Correct the field named; the reference lists them"
        ) from error


def _checked(name: str, found: object) -> Connector:
    if not isinstance(found, Connector) or found.name != name:
        raise BadConfig(
            "the entry point is not a connector of that name",
            subject=name,
            remedy="Let it name a hanse.collect.ports.Connector",
        )
    return found
