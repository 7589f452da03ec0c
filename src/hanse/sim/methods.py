"""OPC UA methods from plain coroutines: arguments in, one value out, errors as status codes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from asyncua import Node, ua

from hanse.model.errors import HanseError

_log = logging.getLogger(__name__)

Deed = Callable[..., Awaitable[Any]]
_KINDS = {
    str: ua.VariantType.String,
    int: ua.VariantType.Int64,
    float: ua.VariantType.Double,
    bool: ua.VariantType.Boolean,
}


async def add_method(
    parent: Node, name: str, deed: Deed, *, at: ua.NodeId, inputs: dict[str, type]
) -> None:
    """A method ``name`` of an object, which calls ``deed`` with the named arguments.

    A `HanseError` or a wrong argument is answered with BadInvalidArgument and logged.
    """

    async def call(_parent: ua.NodeId, *arguments: Any) -> Any:
        if len(arguments) != len(inputs):
            return ua.StatusCode(ua.StatusCodes.BadArgumentsMissing)
        try:
            values = [t(a.Value) for t, a in zip(inputs.values(), arguments, strict=True)]
            answer = await deed(*values)
        except (HanseError, TypeError, ValueError) as error:
            _log.warning("%s refused: %s", name, error)
            return ua.StatusCode(ua.StatusCodes.BadInvalidArgument)
        return [ua.Variant(answer, _KINDS[type(answer)])]

    await parent.add_method(
        at,
        ua.QualifiedName(name, at.NamespaceIndex),
        call,
        [_argument(n, t) for n, t in inputs.items()],
        [],
    )


def _argument(name: str, kind: type) -> ua.Argument:
    return ua.Argument(
        Name=name, DataType=ua.NodeId(_KINDS[kind].value, 0), ValueRank=-1, ArrayDimensions=[]
    )
