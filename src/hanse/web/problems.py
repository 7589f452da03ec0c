"""Errors as they leave: problem+json (RFC 9457) for programs, a page for people.

Each carries a reason and what to do in English and Chinese, by the code of the error.
"""

from __future__ import annotations

import structlog
from litestar import Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from msgspec import Struct

from hanse.model.errors import (
    BadInput,
    Conflict,
    HanseError,
    NotAllowed,
    NotFound,
    Refused,
    TooMuch,
    Unreachable,
)
from hanse.model.text import Text
from hanse.web.desk import desk_of
from hanse.web.reading import Asked, reader_of, wants_page

log = structlog.get_logger()
DETAIL_MAX = 600


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem (RFC 9457). ``code`` is stable; ``reason`` and ``remedy`` are for people."""

    title: str
    status: int
    code: str
    detail: str
    reason: Text
    remedy: Text = Text("", "")
    type: str = "about:blank"


class Words(Struct, frozen=True):
    """What a code means and what to do about it."""

    reason: Text
    remedy: Text = Text("", "")


WORDS: dict[str, Words] = {
    "bad-input": Words(
        Text("What was sent cannot be used", "提交的内容无法使用"),
        Text("Correct the value that is named and send it again", "请改正所指出的值后重新提交"),
    ),
    "bad-config": Words(Text("A setting or a rule is wrong", "设置或规则有误")),
    "bad-message": Words(Text("The message of the other firm is not valid", "对方企业的报文无效")),
    "too-much": Words(Text("A limit was met", "已达到上限"), Text("Send less", "请减少数量")),
    "too-large": Words(Text("That is too large", "内容过大"), Text("Send less", "请减小后重试")),
    "too-often": Words(
        Text("Too many tries", "操作过于频繁"), Text("Wait a minute", "请稍等一分钟再试")
    ),
    "not-allowed": Words(
        Text("Your role may not do this", "您的角色无权执行此操作"),
        Text("Ask the owner of this node", "请联系本节点的所有者"),
    ),
    "undeclared": Words(Text("This address answers no one", "此地址不对任何人开放")),
    "unclaimed": Words(
        Text("This node has no owner yet", "本节点尚未认领"),
        Text(
            "Open the one-time link that the node printed when it started",
            "请打开节点启动时打印的一次性链接",
        ),
    ),
    "not-signed-in": Words(Text("Sign in first", "请先登录"), Text("Sign in", "登录")),
    "wrong-login": Words(
        Text("The name or the password is wrong", "用户名或密码错误"),
        Text("Try again, or ask the owner for a new link", "请重试，或向所有者索取新链接"),
    ),
    "used-link": Words(
        Text("This link was used or has lapsed", "此链接已使用或已过期"),
        Text("Ask for a new one", "请索取新链接"),
    ),
    "password-length": Words(
        Text("A password has at least 10 characters", "密码至少 10 个字符"),
        Text("A sentence of four words is a good one", "用一句话作密码既好记又安全"),
    ),
    "password-common": Words(
        Text("This password is among those that are guessed first", "此密码很容易被猜到"),
        Text("Choose another one", "请换一个"),
    ),
    "password-differs": Words(
        Text("The two passwords differ", "两次输入的密码不一致"),
        Text("Type both again", "请重新输入"),
    ),
    "foreign-origin": Words(
        Text("The call does not come from this node's pages", "请求不是来自本节点的页面"),
        Text("Open the page again at the node's own address", "请用本节点自己的地址重新打开页面"),
    ),
    "not-found": Words(Text("There is no such thing", "没有找到"), Text("Go back", "请返回")),
    "method": Words(Text("This address does not do that", "此地址不支持该操作")),
    "conflict": Words(
        Text("It is no longer in a state in which this can be done", "当前状态下无法执行此操作"),
        Text("Look at it again", "请刷新后再看"),
    ),
    "unreachable": Words(
        Text("The other side does not answer", "对方没有应答"),
        Text("Try again later", "请稍后再试"),
    ),
    "refused": Words(Text("The other side answered no", "对方拒绝了")),
    "broken": Words(
        Text("The records of this node contradict themselves", "本节点的记录自相矛盾"),
        Text("Stop and look at the health page", "请停止操作并查看运行状况页面"),
    ),
    "error": Words(
        Text("Something went wrong on this node", "本节点发生了错误"),
        Text("It was logged; try again", "错误已记录，请重试"),
    ),
}
STATUS_BY_CODE = {"not-signed-in": 401, "wrong-login": 401, "too-often": 429, "used-link": 410}
STATUS_BY_CLASS: tuple[tuple[type[HanseError], int], ...] = (
    (TooMuch, 413),
    (BadInput, 400),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 409),
    (Unreachable, 502),
)
CODE_BY_STATUS = {400: "bad-input", 404: "not-found", 405: "method", 413: "too-large"}


def problem_of(error: Exception) -> Problem:
    """The problem that tells of an error; one we did not raise on purpose tells nothing inside."""
    if isinstance(error, HanseError):
        return _known(error)
    if isinstance(error, ValidationException):
        return _problem("bad-input", 400, f"{error.detail} {error.extra or ''}".strip())
    if isinstance(error, HTTPException):
        return _problem(
            CODE_BY_STATUS.get(error.status_code, "error"), error.status_code, error.detail
        )
    if isinstance(error, RecursionError):
        return _problem("bad-input", 400, "nested too deeply")
    return _problem("error", 500, "")


def _known(error: HanseError) -> Problem:
    by_class = next((s for kind, s in STATUS_BY_CLASS if isinstance(error, kind)), 500)
    code = error.name if error.name in WORDS else error.code
    return _problem(code, STATUS_BY_CODE.get(code, by_class), str(error))


def _problem(code: str, status: int, detail: str) -> Problem:
    words = WORDS[code]
    return Problem(
        title=words.reason.en,
        status=status,
        code=code,
        detail=detail[:DETAIL_MAX],
        reason=words.reason,
        remedy=words.remedy,
    )


def answer_error(request: Asked, error: Exception) -> Response[Problem] | Response[str] | Redirect:
    """The answer to a request that went wrong."""
    problem = problem_of(error)
    if problem.status >= 500:
        log.error("web.failed", path=request.url.path, code=problem.code, exc_info=error)
    if not wants_page(request):
        headers = (error.headers or {}) if isinstance(error, HTTPException) else {}
        return Response(
            problem,
            status_code=problem.status,
            media_type="application/problem+json",
            headers=headers,
        )
    is_part = "hx-request" in request.headers
    if problem.code == "not-signed-in" and request.method == "GET" and not is_part:
        return Redirect(f"/login?next={request.url.path}")
    return _page(request, problem)


def _page(request: Asked, problem: Problem) -> Response[str]:
    reader = reader_of(request)
    part = "hx-request" in request.headers
    html = desk_of(request).paper.render(
        "problem_part.html" if part else "problem.html", reader, problem=problem
    )
    return Response(html, status_code=problem.status, media_type=MediaType.HTML)
