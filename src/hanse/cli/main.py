"""The root command: options that all commands share, errors to exit codes."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from hanse.cli.output import exit_code as exit_code_of
from hanse.cli.output import say_error
from hanse.model.errors import HanseError

COMMANDS: dict[str, str] = {
    "demo": "hanse.cli.demo:demo",
    "init": "hanse.cli.run:init",
    "up": "hanse.cli.run:up",
    "connect": "hanse.cli.connect:connect",
    "mapping": "hanse.cli.connect:mapping",
    "import": "hanse.cli.records:import_",
    "plan": "hanse.cli.plan:plan",
    "promise": "hanse.cli.promise:promise",
    "rule": "hanse.cli.rule:rule",
    "set": "hanse.cli.setting:set_",
    "peer": "hanse.cli.trade:peer",
    "rfq": "hanse.cli.trade:rfq",
    "ledger": "hanse.cli.trade:ledger",
    "clearing": "hanse.cli.clearing:clearing",
    "ripple": "hanse.cli.ripple:ripple",
    "verify": "hanse.cli.check:verify",
    "doctor": "hanse.cli.check:doctor",
    "export": "hanse.cli.records:export",
    "backup": "hanse.cli.backup:backup",
    "restore": "hanse.cli.backup:restore",
}
"""Command -> ``module:function``; loaded only when used, so that every command starts fast."""


class LazyCommands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's own name)
        """All names, in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, name = where.partition(":")
        found: Any = getattr(importlib.import_module(module), name)
        return found if isinstance(found, click.Command) else None


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hanse")
def root() -> None:
    """Hanse: a node of an industrial internet without a platform."""


def main() -> None:
    """Run the command line; our errors become one line and a documented exit code."""
    try:
        root.main(standalone_mode=False)
    except HanseError as error:
        say_error(error, as_json="--json" in sys.argv)
        sys.exit(exit_code_of(error))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
