"""Reference pages made from the code: settings, rules, connectors, sheets, packs, events, commands.

Called by ``docs/conf.py`` at each build. A part whose package is not there is left out.
"""

import ast
import importlib
import importlib.util
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc as clean
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "hanse"
Row = Sequence[str]


def write_pages(folder: Path) -> list[Path]:
    """Write all generated pages into a folder, which is emptied of others first."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {name: text for name, make in PAGES.items() if (text := make()) is not None}
    for old in folder.glob("*.md"):
        if old.stem not in pages:
            old.unlink()
    written = []
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def module(name: str) -> Any:
    """A module of ours, or None while it is not there."""
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return importlib.import_module(name) if found else None


def table(heads: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(escape(c) for c in line) + " |" for line in lines) + "\n"


def escape(cell: str) -> str:
    """A cell that breaks no table."""
    return cell.replace("|", "\\|").replace("\n", " ")


def page(title: str, *parts: str) -> str:
    """A page that says where it comes from."""
    return f"# {title}\n\n*Made from the code.*\n\n" + "\n".join(parts)


# ---------------------------------------------------------------- structs


def struct_table(kind: type[msgspec.Struct], *, without: frozenset[str] = frozenset()) -> str:
    """The fields of a Struct: name, what it may be, default, description."""
    info = inspect.type_info(kind)
    rows = [field_row(f) for f in info.fields if f.encode_name not in without]
    return table(("field", "value", "default", "meaning"), rows)


def field_row(field: inspect.Field) -> Row:
    """One field of a Struct as a row."""
    said, description = type_words(field.type)
    return (f"`{field.encode_name}`", said, default_words(field), description)


def default_words(field: inspect.Field) -> str:
    """What a field is when it is not given."""
    if field.required:
        return "*required*"
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory() if callable(field.default_factory) else None
    if isinstance(value, msgspec.Struct):
        return "see below"
    if value in ("", None, (), {}):
        return ""
    return f"`{msgspec.json.encode(value).decode()}`"


def type_words(kind: inspect.Type) -> tuple[str, str]:
    """What a type allows, in words, and its description."""
    if isinstance(kind, inspect.Metadata):
        said, inner = type_words(kind.type)
        extra = (kind.extra_json_schema or {}).get("description", "")
        return said, extra or inner
    if isinstance(kind, inspect.UnionType):
        parts = [type_words(t) for t in kind.types if not isinstance(t, inspect.NoneType)]
        return " or ".join(dict.fromkeys(p[0] for p in parts)), max(p[1] for p in parts)
    return plain_words(kind), ""


def plain_words(kind: inspect.Type) -> str:
    """What a type that is no union allows, in words."""
    match kind:
        case inspect.IntType() | inspect.FloatType():
            name = "whole number" if isinstance(kind, inspect.IntType) else "number"
            said = name + bounds(kind)
        case inspect.StrType():
            said = "text" + text_bounds(kind)
        case inspect.LiteralType():
            said = ", ".join("tab" if v == "\t" else f"`{v or ' '}`" for v in kind.values)
        case inspect.EnumType():
            said = ", ".join(f"`{member.value}`" for member in kind.cls)
        case inspect.VarTupleType() | inspect.ListType():
            said = "list of " + type_words(kind.item_type)[0]
        case inspect.StructType():
            said = kind.cls.__name__
        case _:
            said = _OTHER.get(type(kind), type(kind).__name__.removesuffix("Type").lower())
    return said


_OTHER = {inspect.BoolType: "`true` or `false`", inspect.DictType: "table"}


def bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    """The range of a number."""
    marks = ((kind.ge, "at least"), (kind.gt, "above"), (kind.le, "at most"), (kind.lt, "under"))
    said = [f"{words} {value:g}" for value, words in marks if value is not None]
    return f", {', '.join(said)}" if said else ""


def text_bounds(kind: inspect.StrType) -> str:
    """The length or form of a text."""
    if kind.pattern is not None and len(kind.pattern) <= 40:
        return f" like `{kind.pattern}`"
    return f", at most {kind.max_length} characters" if kind.max_length else ""


def doc(thing: Any) -> str:
    """A docstring as Markdown: its words without its sections, with plain code marks."""
    words = re.split(r"\n\n(?:Raises|Args|Returns):", clean(thing.__doc__ or ""))[0]
    return words.replace("``", "`") + "\n"


# ---------------------------------------------------------------- pages


def settings() -> str | None:
    """``config.toml``: the settings of a node, section by section."""
    found = module("hanse.node.settings")
    if found is None:
        return None
    parts = [doc(found.Settings), struct_table(found.Settings)]
    for field in msgspec.structs.fields(found.Settings):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            parts += [f"## `[{field.encode_name}]`\n", doc(field.type), struct_table(field.type)]
    return page("Settings", *parts)


def rules() -> str | None:
    """Every kind of rule and its fields."""
    found, files = module("hanse.decide.rules"), module("hanse.decide.rulefile")
    if found is None or files is None:
        return None
    common = frozenset(f.encode_name for f in msgspec.structs.fields(found.Common))
    parts = [
        doc(files.parse_rules),
        "## Every rule\n",
        doc(found.Common),
        struct_table(found.Common),
    ]
    for name, kind in files.KINDS.items():
        parts += [f'## `kind = "{name}"`\n', doc(kind), struct_table(kind, without=common)]
    return page("Rules", *parts)


def connectors() -> str | None:
    """Every connector and its settings."""
    found = module("hanse.collect.registry")
    if found is None:
        return None
    parts = []
    for name in found.BUILT_IN:
        made = found.connector(name)
        parts += [f"## {name}\n", doc(made.config), struct_table(made.config)]
    return page("Connectors", *parts)


def sheets() -> str | None:
    """The kinds of sheet that can be imported, and their columns."""
    found = module("hanse.links.imports")
    if found is None:
        return None
    parts = [
        "A column is found by any of its headings; case, blanks, `_`, `-` do not count.\n",
        "Columns that are not known are named and left alone.\n",
    ]
    for kind in found.KINDS.values():
        parts += [f"## {kind.title.en} ({kind.title.zh}): `{kind.name}`\n", sheet_table(kind)]
    return page("Sheets that can be imported", *parts)


def sheet_table(kind: Any) -> str:
    """The columns of one kind of sheet."""
    rows = [
        (
            f"{c.title.en} {'(needed)' if c.required else ''}",
            c.title.zh,
            ", ".join(c.also),
            column_words(c),
        )
        for c in kind.columns
    ]
    return table(("heading", "中文", "also", "what stands there"), rows)


def column_words(column: Any) -> str:
    """What a cell of a column may hold: the first sentence of what reads it."""
    read = getattr(column.read, "func", column.read)
    return (read.__doc__ or "").strip().split("\n")[0].replace("``", "`").rstrip(".:")


def packs() -> str | None:
    """Every pack that ships: its types, signals, states, rules, reasons."""
    found = module("hanse.packs")
    if found is None:
        return None
    parts = []
    for name in found.SHIPPED:
        pack = found.load_shipped(name)
        parts += [f"## {pack.title.en} ({pack.title.zh}): `{name}`\n", f"{pack.about.en}.\n"]
        parts += list(pack_tables(pack))
    return page("Packs that ship", *parts)


def pack_tables(pack: Any) -> Iterator[str]:
    """The tables of one pack."""
    yield "### Types of equipment\n"
    rows = [
        (f"`{t.key}`", t.title.en, t.title.zh, ", ".join(f"`{s.name}`" for s in t.signals))
        for t in pack.types.values()
    ]
    yield table(("type", "name", "中文", "signals"), rows)
    yield "### Rules\n"
    yield table(("rule", "says", "中文", "does"), [rule_row(pack, r) for r in pack.rule_tables])
    yield "### States of controls\n"
    states = [(f"`{s.key}`", s.title.en, s.title.zh, s.source) for s in pack.states.values()]
    yield table(("map", "name", "中文", "source"), states)
    yield "### Stop reasons\n"
    reasons = [(f"`{r.key}`", r.title.en, r.title.zh, r.category) for r in pack.reasons.values()]
    yield table(("reason", "name", "中文", "category"), reasons)


def rule_row(pack: Any, rule: dict[str, Any]) -> Row:
    """One rule of a pack."""
    effect = pack.effects.get(rule["key"])
    does = f"{effect.effect}, {effect.repair_s // 3_600} h" if effect else ""
    return (f"`{rule['key']}`", rule["title"]["en"], rule["title"]["zh"], does)


def events() -> str | None:
    """The kinds of event the loop turns on: the constants of `flows.kinds` with their words."""
    path = SOURCE / "flows" / "kinds.py"
    if not path.exists():
        return None
    body = ast.parse(path.read_text(encoding="utf-8")).body
    rows = []
    for this, after in zip(body, [*body[1:], None], strict=True):
        match this, after:
            case (
                ast.Assign(value=ast.Constant(value=str(kind))),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                rows.append((f"`{kind}`", words.replace("``", "`")))
    return page("Events", table(("kind", "what it carries"), rows))


def commands() -> str | None:
    """Every command of ``hanse`` and its options, from click itself."""
    import click

    found = module("hanse.cli.main")
    root = getattr(found, "root", None)
    if not isinstance(root, click.Group):
        return None
    parts = []
    context = click.Context(root)
    for name in root.list_commands(context):
        command = _command(root, context, name)
        if command is not None:
            parts += [f"## `hanse {name}`\n", *command_parts(command, context)]
    return page("Commands", *parts)


def _command(root: Any, context: Any, name: str) -> Any:
    try:
        return root.get_command(context, name)
    except ImportError:
        return None


def command_parts(command: Any, context: Any) -> Iterator[str]:
    """The words and options of one command."""
    import click

    yield (command.help or "").strip() + "\n"
    rows = []
    for option in command.params:
        name = (
            " ".join(option.opts)
            if isinstance(option, click.Option)
            else option.human_readable_name
        )
        rows.append((f"`{name}`", getattr(option, "help", None) or ""))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            rows.append((f"`{name}`", inner.get_short_help_str(200) if inner else ""))
    if rows:
        yield table(("option", "meaning"), rows)


def error_codes() -> str:
    """Every error code that is raised: what it says and what to do, in both languages."""
    chinese = tomllib.loads((ROOT / "docs" / "reference" / "errors-zh.toml").read_text("utf-8"))
    rows = []
    for code, (kind, what, remedy) in sorted(raised().items()):
        rows.append((f"`{code}`", kind, what, remedy, str(chinese.get(code, ""))))
    return page(
        "Error codes",
        "What stands in `{ }` is filled in; [the tree](../errors.md) explains the kinds.\n",
        table(("code", "kind", "what it says", "what to do", "中文"), rows),
    )


def raised() -> dict[str, tuple[str, str, str]]:
    """Codes given by hand where an error is raised: code -> (kind, what, remedy)."""
    found: dict[str, tuple[str, str, str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = _raised(node)
            if named is not None:
                found.setdefault(named[0], named[1])
    return found


def _raised(node: ast.AST) -> tuple[str, tuple[str, str, str]] | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    if node.func.id not in ERROR_KINDS:
        return None
    given = {k.arg: words(k.value) for k in node.keywords}
    what = words(node.args[0]) if node.args else ""
    if not given.get("code"):
        return None
    return given["code"], (node.func.id, what, given.get("remedy", ""))


def words(node: ast.expr) -> str:
    """A text as it stands in the code, with what is filled in in braces."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                p.value if isinstance(p, ast.Constant) else f"{{{ast.unparse(p.value)}}}"
                for p in parts
            )
        case _:
            return ""


ERROR_KINDS = frozenset(
    {"HanseError", "BadInput", "BadConfig", "BadMessage", "TooMuch", "NotAllowed", "NotFound"}
    | {"Conflict", "Unreachable", "Refused", "Broken", "NotSignedIn"}
)

PAGES = {
    "error-codes": error_codes,
    "commands": commands,
    "settings": settings,
    "connectors": connectors,
    "rules": rules,
    "sheets": sheets,
    "packs": packs,
    "events": events,
}


if __name__ == "__main__":
    for written in write_pages(ROOT / "docs" / "reference" / "generated"):
        print(written)
