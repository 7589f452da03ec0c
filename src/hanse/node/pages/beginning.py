"""What a fresh node still lacks, in the order in which it is worth doing."""

from __future__ import annotations

from msgspec import Struct

from hanse.model.text import Text
from hanse.model.time import Instant
from hanse.node.connections import setups
from hanse.node.context import Context
from hanse.node.notices.book import channels
from hanse.node.ruling.book import armings, rule_files
from hanse.store import Tx
from hanse.web.views.running import FirstStep

HIDDEN = "first-steps-hidden"
ENOUGH_PEOPLE = 2


class _Step(Struct, frozen=True):
    name: str
    href: str
    title: Text
    about: Text


_STEPS = (
    _Step(
        "connect",
        "/connect",
        Text("Connect a machine", "连接一台设备"),
        Text(
            "Its address is enough; signals, units and names are proposed",
            "只需地址;信号、单位和名称会自动给出建议",
        ),
    ),
    _Step(
        "rule",
        "/rules/new",
        Text("Set a first rule", "设置第一条规则"),
        Text(
            "From a template; see what it would have told, then arm it",
            "从模板开始;先看它在历史上会报什么,再启用",
        ),
    ),
    _Step(
        "told",
        "/notices",
        Text("Say who is told", "设置通知对象"),
        Text(
            "Mail, WeCom, DingTalk, Feishu, Teams, Slack; and who comes next if nobody reacts",
            "邮件、企业微信、钉钉、飞书、Teams、Slack;无人响应时升级给谁",
        ),
    ),
    _Step(
        "people",
        "/people",
        Text("Add the people", "添加人员"),
        Text("A technician signs in on a phone with one code", "技术员用手机扫码即可登录"),
    ),
    _Step(
        "orders",
        "/import",
        Text("Bring in orders and routings", "导入订单与工艺路线"),
        Text(
            "From CSV or Excel; the plan follows by itself",
            "支持 CSV 或 Excel;排程随即自动生成",
        ),
    ),
)


class RecordBeginning:
    """A `hanse.web.ports.Beginning`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._over = False

    async def steps(self) -> tuple[FirstStep, ...]:
        """Every step with whether it is done; none once all are, or somebody hid them."""
        if self._over:
            return ()
        done = await self._context.store.read(_done)
        self._over = done is None or all(done.values())
        if done is None or self._over:
            return ()
        return tuple(
            FirstStep(
                name=step.name,
                href=step.href,
                title=step.title,
                about=step.about,
                done=done[step.name],
            )
            for step in _STEPS
        )

    async def hide(self) -> None:
        """Show them no more."""
        at = self._context.clock.now()
        await self._context.store.write(lambda tx: tx.settings.put(HIDDEN, at))


def _done(tx: Tx) -> dict[str, bool] | None:
    if tx.settings.get(HIDDEN, Instant):
        return None
    return {
        "connect": any(setup.lines for setup in setups(tx).all()),
        "rule": bool(rule_files(tx).keys() or armings(tx).keys()),
        "told": bool(channels(tx).keys()),
        "people": len(tx.users.all()) >= ENOUGH_PEOPLE,
        "orders": tx.work_orders.first() is not None,
    }
