"""The rules on record: files of them with their versions, and which are armed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from hanse.decide import Asset, Engine, Rule, asset_of, located, parse_rules
from hanse.flows import kinds
from hanse.model.errors import BadConfig, BadInput, Conflict, NotFound, TooMuch
from hanse.model.event import Draft, Event
from hanse.model.ids import Key
from hanse.model.plant import Machine, Signal
from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.assets import all_assets
from hanse.packs.load import SHIPPED, load_shipped
from hanse.packs.pack import Effect
from hanse.store import Tx
from hanse.store.shelf import Shelf

PACKS = SHIPPED
ANY_MACHINE = "machine-tool"
"""The type of a pack whose words are used for machines of a type that it does not know."""
RULE_FILES_MAX = 500
VERSIONS_SHOWN_MAX = 50


class RuleFile(Struct, frozen=True, kw_only=True):
    """Rules as their owner wrote them (TOML), and what their alarms lead to.

    ``number`` counts the versions; ``folder`` says that it is kept in the node's ``rules`` folder.
    """

    key: Key
    text: str
    effects: tuple[Effect, ...] = ()
    number: Annotated[int, Meta(ge=1)] = 1
    by: str = ""
    at: Instant | None = None
    folder: bool = False


class Arming(Struct, frozen=True, kw_only=True):
    """A person's word on whether a rule is armed; it stands above what the rule itself says."""

    rule: Key
    armed: bool
    by: str
    at: Instant


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """One rule, where it comes from (``file`` None: shipped with ``pack``), whether it is armed."""

    rule: Rule
    armed: bool
    pack: str = ""
    file: RuleFile | None = None
    arming: Arming | None = None


def rule_files(tx: Tx) -> Shelf[RuleFile]:
    """The owner's own rules."""
    return tx.shelf("rules", RuleFile)


def armings(tx: Tx) -> Shelf[Arming]:
    """Rules whose arming a person has decided."""
    return tx.shelf("rule_arming", Arming)


def _versions(tx: Tx) -> Shelf[RuleFile]:
    return tx.shelf("rule_versions", RuleFile)


def standing(tx: Tx) -> tuple[Standing, ...]:
    """Every rule of the node, the owner's own in place of a shipped one of the same key."""
    said = {a.rule: a for a in armings(tx).all()}
    found = {one.rule.key: one for one in _all(tx)}
    return tuple(_armed(one, said.get(key)) for key, one in found.items())


def _all(tx: Tx) -> Iterator[Standing]:
    for name in PACKS:
        for rule in parse_rules(load_shipped(name).rules, name=f"{name}/rules.toml"):
            yield Standing(rule=rule, armed=rule.enabled, pack=name)
    for file in rule_files(tx).all():
        for rule in parse_rules(file.text, name=file.key):
            yield Standing(rule=rule, armed=rule.enabled, file=file)


def _armed(one: Standing, said: Arming | None) -> Standing:
    return one if said is None else dataclasses.replace(one, armed=said.armed, arming=said)


def armed_rules(tx: Tx) -> tuple[tuple[Rule, ...], dict[str, Effect]]:
    """The rules that count now, and what alarms of rules lead to."""
    effects: dict[str, Effect] = {}
    for name in PACKS:
        effects |= load_shipped(name).effects
    for file in rule_files(tx).all():
        effects |= {e.rule: e for e in file.effects}
    rules = (replace(one.rule, enabled=True) for one in standing(tx) if one.armed)
    return tuple(rules), effects


def plant_of(tx: Tx) -> tuple[tuple[Asset, ...], tuple[Signal, ...]]:
    """Machines and all other assets with the limits of their types, and their signals."""
    machines = all_assets(tx)
    known = {m.key for m in machines}
    signals = tuple(s for s in tx.signals.all() if s.asset in known)
    words = words_of(machines, signals)
    return tuple(_asset(m, words[m.asset_type]) for m in machines), signals


def words_of(machines: Iterable[Machine], signals: Iterable[Signal]) -> dict[str, dict[str, Text]]:
    """What people call the signals of each type of asset."""
    kinds = {m.key: m.asset_type for m in machines}
    found: dict[str, dict[str, Text]] = {kind: {} for kind in kinds.values()}
    for signal in signals:
        of_kind = found[kinds[signal.asset]]
        if signal.name not in of_kind:
            of_kind[signal.name] = signal_title(kinds[signal.asset], signal.name)
    return found


def type_title(kind: str) -> Text:
    """What a type of asset is called; its key where no pack knows it."""
    for name in PACKS:
        found = load_shipped(name).types.get(kind)
        if found is not None:
            return found.title
    return Text(kind, kind)


def signal_title(kind: str, signal: str) -> Text:
    """What a signal of a type is called; its own words where no pack knows it."""
    own = [load_shipped(name).types.get(kind) for name in PACKS]
    plain = None if any(own) else load_shipped(PACKS[0]).types.get(ANY_MACHINE)
    for known in (s for found in (*own, plain) if found for s in found.signals):
        if known.name == signal:
            return known.title
    said = signal.replace("_", " ")
    return Text(said[:1].upper() + said[1:], said)


def _asset(machine: Machine, words: dict[str, Text]) -> Asset:
    own = machine.attributes
    for name in PACKS:
        own = load_shipped(name).attributes(machine.asset_type, own)
    asset = asset_of(replace(machine, attributes=own))
    return replace(asset, words=words)


def checked(tx: Tx, text: str, *, key: str) -> tuple[Rule, ...]:
    """The rules of a text, if they fit the plant.

    Raises:
        BadConfig: the first thing wrong, with line, word and fix.
    """
    name = f"{key}.toml"
    rules = parse_rules(text, name=name)
    if not rules:
        raise BadConfig("there is no rule in it", subject=name, remedy="Begin one with [[rule]]")
    assets, signals = plant_of(tx)
    try:
        Engine((replace(r, enabled=True) for r in rules), assets=assets, signals=signals)
    except BadConfig as error:
        raise located(text, error, name=name) from error
    return rules


def keep(tx: Tx, file: RuleFile, *, by: str) -> Event | None:
    """Keep a file as its next version; None where nothing changed.

    Raises:
        BadConfig: something is wrong in it, or another file has a rule of the same key.
        Conflict: it is kept in the ``rules`` folder and this does not come from there.
        TooMuch: RULE_FILES_MAX files are there.
    """
    before = rule_files(tx).get(file.key)
    if before is not None and before.text == file.text and before.folder == file.folder:
        return None
    _check_place(tx, before, file)
    rules = checked(tx, file.text, key=file.key)
    _check_keys(tx, file.key, rules)
    number = _last_number(tx, file.key) + 1
    effects = file.effects or (before.effects if before else ())
    kept = replace(file, number=number, by=by, at=tx.clock.now(), effects=effects)
    rule_files(tx).put(file.key, kept)
    _versions(tx).put(f"{file.key}@{number:06d}", kept)
    text = Text(
        f"Rules {file.key} changed: version {number}, {len(rules)} rules",
        f"规则 {file.key} 已更改:第 {number} 版,共 {len(rules)} 条",
    )
    about = {"file": file.key, "number": number, "rules": [r.key for r in rules]}
    return tx.events.append(_draft(kinds.RULE_CHANGED, file.key, text, by=by, about=about))


def _check_place(tx: Tx, before: RuleFile | None, file: RuleFile) -> None:
    if before is None and len(rule_files(tx).keys()) >= RULE_FILES_MAX:
        raise TooMuch(f"at most {RULE_FILES_MAX} files of rules", subject=file.key)
    if before is not None and before.folder and not file.folder:
        raise Conflict(
            "these rules are kept in the node's folder",
            subject=file.key,
            remedy=f"Edit rules/{file.key}.toml; the change is taken in within seconds",
        )


def _check_keys(tx: Tx, key: str, rules: tuple[Rule, ...]) -> None:
    mine = {r.key for r in rules}
    for other in rule_files(tx).all():
        taken = mine & {r.key for r in parse_rules(other.text, name=other.key)}
        if other.key != key and taken:
            raise BadConfig(
                f"'{min(taken)}' is the key of a rule in {other.key}",
                subject=key,
                remedy="Give the rule a key of its own",
            )


def _last_number(tx: Tx, key: str) -> int:
    return max((int(k.rpartition("@")[2]) for k in _numbered(tx, key)), default=0)


def _numbered(tx: Tx, key: str) -> list[str]:
    names = _versions(tx).keys()
    return [name for name in names if name.startswith(f"{key}@")]


def forget(tx: Tx, key: str, *, by: str, folder: bool = False) -> Event:
    """Take a file of rules away; its versions stay.

    Raises:
        NotFound: there is no such file.
        Conflict: it is kept in the ``rules`` folder and this does not come from there.
    """
    before = rule_files(tx).need(key)
    if before.folder and not folder:
        raise Conflict(
            "these rules are kept in the node's folder",
            subject=key,
            remedy=f"Delete rules/{key}.toml",
        )
    for rule in parse_rules(before.text, name=key):
        armings(tx).delete(rule.key)
    rule_files(tx).delete(key)
    text = Text(f"Rules {key} removed", f"规则 {key} 已删除")
    return tx.events.append(_draft(kinds.RULE_REMOVED, key, text, by=by, about={"file": key}))


def arm(tx: Tx, rule: str, *, armed: bool, by: str) -> Event:
    """Arm or disarm one rule, shipped or own.

    Raises:
        NotFound: there is no such rule.
        Conflict: it is so already.
    """
    found = next((one for one in standing(tx) if one.rule.key == rule), None)
    if found is None:
        raise NotFound("there is no such rule", subject=rule)
    if found.armed == armed:
        said = "armed" if armed else "disarmed"
        raise Conflict(f"the rule is already {said}", subject=rule)
    armings(tx).put(rule, Arming(rule=rule, armed=armed, by=by, at=tx.clock.now()))
    title = found.rule.heading
    text = (
        Text(f"Rule armed: {title.en}", f"规则已启用:{title.zh}")
        if armed
        else Text(f"Rule disarmed: {title.en}", f"规则已停用:{title.zh}")
    )
    kind = kinds.RULE_ARMED if armed else kinds.RULE_DISARMED
    return tx.events.append(_draft(kind, rule, text, by=by, about={"rule": rule}))


def versions(tx: Tx, key: str) -> tuple[RuleFile, ...]:
    """The versions of a file, newest first."""
    newest = sorted(_numbered(tx, key), reverse=True)[:VERSIONS_SHOWN_MAX]
    return tuple(_versions(tx).need(k) for k in newest)


def refused(tx: Tx, key: str, error: BadInput, *, mark: str) -> Event:
    """Record that a file of the folder was not taken in, and why; once for the same bytes."""
    text = Text(f"Rules {key} were not taken in: {error}", f"规则 {key} 未被采用:{error}")
    about = {"file": key, "what": error.what, "where": error.subject, "remedy": error.remedy}
    draft = _draft(kinds.RULE_REFUSED, key, text, by="node", about=about)
    return tx.events.append(draft, once=f"rules:{key}:{mark}")


def _draft(kind: str, subject: str, text: Text, *, by: str, about: dict[str, Any]) -> Draft:
    return Draft(kind=kind, subject=subject, text=text, by=by, about=about)
