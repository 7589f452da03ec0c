"""A node's folder belongs to one supervisor; its secrets to its owner."""

import pytest

from hanse.model.errors import BadConfig, Conflict, NotAllowed
from hanse.node.folder import Folder, FolderLock, read_secret, write_secret
from hanse.node.identity import load_identity
from hanse.node.settings import CONFIG_FILE, FirmSettings, Settings, read_settings, write_settings
from hanse.node.supervisor import processes_of
from hanse.node.world import RandomIds, RealClock


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path / "node")
    folder.make()
    return folder


def test_a_second_supervisor_is_refused(folder):
    with FolderLock(folder), pytest.raises(Conflict, match="running already"), FolderLock(folder):
        pass
    with FolderLock(folder):
        pass


def test_an_identity_is_made_once_and_kept(folder):
    first = load_identity(folder, clock=RealClock())
    again = load_identity(folder, clock=RealClock())
    assert (first.did, first.certificate_pin) == (again.did, again.certificate_pin)
    assert (folder / "keys" / "firm.seed").stat().st_mode & 0o077 == 0


def test_a_secret_others_may_read_is_refused(folder):
    path = folder / "keys" / "secret-x"
    write_secret(path, b"x")
    assert read_secret(path) == b"x"
    path.chmod(0o644)
    with pytest.raises(NotAllowed, match="others may read"):
        read_secret(path)


def test_settings_come_back_as_they_were_written(folder):
    settings = Settings(firm=FirmSettings(name="A", currency="CNY"))
    write_settings(folder.path, settings)
    assert read_settings(folder.path) == settings


@pytest.mark.parametrize(
    "text", ["[firm]\nname = 7", "[web]\nport = 99999", "not toml", "[x]\ny=1"]
)
def test_wrong_settings_name_the_file_and_what_to_do(folder, text):
    (folder / CONFIG_FILE).write_text(text)
    with pytest.raises(BadConfig, match="settings"):
        read_settings(folder.path)


def test_the_scheduler_has_a_process_of_its_own():
    assert processes_of(("gate", "plan", "flow")) == {"core": ("gate", "flow"), "plan": ("plan",)}


def test_more_processes_may_share_the_deciding():
    wanted = processes_of(("gate", "decide"), deciding=3)
    assert wanted == {
        "core": ("gate", "decide"),
        "decide-2": ("decide",),
        "decide-3": ("decide",),
    }
    assert processes_of(("plan",), deciding=3) == {"plan": ("plan",)}
    assert processes_of(("plan",)) == {"plan": ("plan",)}


def test_identities_sort_by_time_and_never_repeat():
    ids = RandomIds()
    made = [ids.new("event") for _ in range(1000)]
    assert len(set(made)) == 1000
    assert made[0].startswith("event-")
