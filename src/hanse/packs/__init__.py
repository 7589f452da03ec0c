"""Packs: what one trade knows, as data: its equipment, states, rules, stop reasons and forms.

For: a firm of a trade, which gets the words and limits of its trade without writing code.
In: a folder of TOML files of one fixed shape (``pack.toml``, ``asset_types.toml``, ``states.toml``,
``rules.toml``, ``effects.toml``, ``reasons.toml``, ``forms.toml``, ``samples/``), shipped here or
the firm's own.
Out: `Pack`, checked: every rule, state and form refers to what the pack defines, every text is in
English and Chinese. Rules are handed on as their TOML text; `hanse.decide` reads them.
Limits: ``pack.PACK_BYTES_MAX`` a file, ``pack.SIGNALS_MAX`` signals a type, ``pack.TYPES_MAX``.
A pack holds no code and can run none.
"""

from hanse.packs.load import SHIPPED, load_pack, load_shipped
from hanse.packs.pack import AssetType, Field, Form, Pack, Reason, SignalType, StateWords

__all__ = [
    "SHIPPED",
    "AssetType",
    "Field",
    "Form",
    "Pack",
    "Reason",
    "SignalType",
    "StateWords",
    "load_pack",
    "load_shipped",
]
