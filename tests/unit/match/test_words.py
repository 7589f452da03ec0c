from hanse.match.messages import KINDS
from hanse.match.words import KIND_NAMES


def test_every_kind_of_letter_has_a_name_in_both_languages():
    assert set(KIND_NAMES) == KINDS
    assert all(name.en and name.zh for name in KIND_NAMES.values())
