"""Two languages everywhere, and which one a reader gets."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.catalogue import sentences

from hanse.web.drawing import names, words
from hanse.web.drawing.menu import ENTRIES
from hanse.web.problems import WORDS

TEMPLATES = Path(words.__file__).parents[1] / "templates"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_sentence_of_the_templates_is_in_the_catalogue(language):
    assert sentences() - set(words.catalogue(language)) == set()


def test_no_catalogue_holds_a_sentence_that_no_template_says():
    for language in ("en", "zh"):
        assert set(words.catalogue(language)) - sentences() == set()


def test_a_translation_keeps_the_places_for_values():
    for sentence, said in words.catalogue("zh").items():
        assert set(_places(sentence)) == set(_places(said)), sentence


def _places(sentence):
    return [part.partition(")")[0] for part in sentence.split("%(")[1:]]


def test_chinese_is_chinese():
    same = {k for k, v in words.catalogue("zh").items() if k == v}
    assert same <= {"ID", "DID", "OEE", "API", "Hanse"}


def test_every_menu_entry_problem_and_state_speaks_both():
    texts = [e.label for e in ENTRIES] + [w.reason for w in WORDS.values()]
    texts += list(names.NAMES.values())
    assert all(text.en and text.zh for text in texts)


@pytest.mark.parametrize(
    ("user", "cookie", "accept", "language"),
    [
        (None, "", "", "en"),
        (None, "", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "", "de,en;q=0.7,zh;q=0.3", "en"),
        (None, "en", "zh-CN", "en"),
        ("zh", "en", "en", "zh"),
        (None, "fr", "fr", "en"),
    ],
)
def test_the_language_is_the_users_then_the_cookies_then_the_browsers(
    user, cookie, accept, language
):
    assert words.choose_language(user=user, cookie=cookie, accept=accept) == language


@given(st.text(max_size=200))
def test_any_wish_for_a_language_gives_one(accept):
    assert words.choose_language(user=None, cookie="", accept=accept) in {"en", "zh"}
