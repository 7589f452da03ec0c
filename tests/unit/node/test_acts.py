"""Every command of the loop is carried out by someone."""

from hanse.flows import commands
from hanse.flows.commands import Command
from hanse.node.acts.carry import deeds


def test_no_command_is_without_someone_to_carry_it_out():
    every = {c for c in vars(commands).values() if isinstance(c, type) and issubclass(c, Command)}
    assert deeds() == every - {Command}
