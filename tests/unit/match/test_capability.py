"""Free words in two languages find the codes that are meant; hard limits come before ranking."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from hanse.match.capability import Finder, Need, catalogue, fits
from hanse.match.capability.clues import Clues, clues
from hanse.match.capability.search import LEARNED_MAX, QUERY_MAX
from hanse.match.capability.words import HAN, Speller, folded, phrase_key, stems
from hanse.match.profile import Offered

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def finder():
    return Finder()


@pytest.mark.parametrize(
    "name", ["capability_queries", "capability_queries_trade", "capability_queries_blind"]
)
def test_at_least_nine_in_ten_queries_find_their_code_among_five(finder, name):
    with (BENCHMARKS / f"{name}.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) >= 200
    good = sum(
        bool(set(r["codes"].split(",")) & {c.code for c in finder.find(r["query"])}) for r in rows
    )
    assert good >= 0.9 * len(rows)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("turned parts on a CNC lathe", "turning-cnc"),
        ("数控车削轴", "turning-cnc"),
        ("anodized aluminum", "anodising"),
        ("anodised aluminium", "anodising"),
        ("线割", "edm-wire"),
    ],
)
def test_a_plain_name_comes_first(finder, query, code):
    assert finder.find(query)[0].code == code


def test_every_code_has_its_own_words_in_both_languages():
    for capability in catalogue():
        words = set(capability.words)
        chinese = {word for word in words if any("\u3400" <= c <= "\u9fff" for c in word)}
        assert len(chinese) >= 10, capability.code
        assert len(words - chinese) >= 10, capability.code
        assert 30 <= len(words) <= 60, capability.code


def test_nonsense_finds_nothing(finder):
    assert finder.find("??? 12 !!") == []
    assert finder.find("") == []


def test_what_a_person_picks_becomes_a_synonym(finder):
    words = "zorgle treatment"
    learned = finder.learn(words, "nitriding")
    assert learned.find("zorgle treatment for screws")[0].code == "nitriding"
    assert learned.learned == {"zorgle treatment": "nitriding"}


def test_an_endless_query_is_cut(finder):
    assert finder.find("x" * 10 * QUERY_MAX + " turning") == []


def test_every_code_has_names_and_words_in_both_languages():
    for capability in catalogue():
        assert capability.title.en
        assert capability.title.zh
        assert len(set(capability.words)) >= 19
        assert 0 <= capability.group <= 7
    assert len({c.code for c in catalogue()}) == len(catalogue())


def test_a_part_too_large_or_too_fine_is_sorted_out_before_ranking():
    lathe = Offered(
        code="turning-cnc",
        size_mm=("500", "200", "200"),
        tolerance_um="10",
        material=("42CrMo4", "steel"),
        minimum_quantity="10",
    )
    need = Need(code="turning-cnc", quantity=Decimal(50))
    assert fits(lathe, need) is None
    large = Need(code="turning-cnc", size_mm=(Decimal(600),), quantity=Decimal(50))
    assert "large" in fits(lathe, large).en
    fine = Need(code="turning-cnc", tolerance_um=Decimal(5), quantity=Decimal(50))
    assert "fine" in fits(lathe, fine).en
    brass = Need(code="turning-cnc", material="brass", quantity=Decimal(50))
    assert "material" in fits(lathe, brass).en
    assert "fewer" in fits(lathe, Need(code="turning-cnc")).en
    assert fits(lathe, Need(code="milling-3axis")) is not None


def test_an_optional_model_only_orders_anew(finder):
    class Backwards:
        def scores(self, query, candidates):
            return [float(i) * 1000 for i in range(len(candidates))]

    first = [c.code for c in finder.find("turning", most=3)]
    other = Finder(reranker=Backwards()).find("turning", most=3)
    assert other[0].code not in first[:1]


FROZEN = ["", "_shop", "_hard", "_trade", "_purpose", "_after", "_blind"]


def test_no_phrase_of_the_clues_stands_in_a_frozen_query():
    """A clue may share a word with a query, as all language does, but not a phrase of it."""
    english, chinese = [], []
    for name in FROZEN:
        with (BENCHMARKS / f"capability_queries{name}.tsv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                english.append(f" {' '.join(stems(row['query']))} ")
                chinese.append(folded(row["query"]).replace(" ", ""))
    english, chinese = "|".join(english), "|".join(chinese)
    for clue in clues():
        for word in clue.words:
            key = phrase_key(word)
            if HAN.search(key):
                assert len(key) < 3 or key not in chinese, (clue.name, word)
            else:
                assert " " not in key or f" {key} " not in english, (clue.name, word)


def test_every_clue_speaks_of_codes_of_the_list():
    codes = {c.code for c in catalogue()}
    for clue in clues():
        assert set(clue.codes) <= codes, clue.name
        assert clue.words or clue.pattern, clue.name
        assert all(-1 <= worth <= 2 for worth in clue.codes.values()), clue.name


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("線切割淬火模具鋼", "线切割淬火模具钢"),
        ("鋁件陽極處理", "铝件阳极处理"),
        ("雷射切割不鏽鋼板", "激光切割不锈钢板"),
        ("塑膠射出成型", "塑胶注塑成型"),
    ],
)
def test_traditional_characters_find_what_simplified_ones_find(finder, traditional, simplified):
    assert folded(traditional) == simplified
    assert finder.find(traditional) == finder.find(simplified)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("anodzied", ["anodiz"]),
        ("galvanzied", ["galvaniz"]),
        ("lasercut", ["laser", "cut"]),
        ("turning", ["turn"]),
        ("qzxwvb", ["qzxwvb"]),
    ],
)
def test_one_slip_is_put_right_and_a_compound_taken_apart(written, meant):
    known = {"anodiz", "galvaniz", "weld", "laser", "cut", "turn"}
    speller = Speller(known)
    assert [s for word in stems(written) for s in speller.right(word)] == meant


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("GGG40, 3 off", "casting-sand"),
        ("20CrMnTi CHD 0.9", "hardening-case"),
        ("ISO 1461", "galvanising"),
        ("DIN 6885", "broaching"),
        ("DIN 912 M8x30 A2-70", "fasteners"),
        ("外径 φ3500", "turning-large"),
        ("AS9102", "inspection"),
    ],
)
def test_numbers_grades_and_standards_are_hints(finder, query, code):
    assert code in [c.code for c in finder.find(query)]


def test_a_clue_may_speak_against_a_code():
    found = Clues().scores("plastic", ["plastic"])
    assert found["injection-moulding"] > 0
    assert found["galvanising"] < 0


def test_a_pick_is_found_again_by_most_of_its_words_and_not_by_one(finder):
    learned = finder.learn("klimperkasten for the organ, 40 off, beech", "sawing")
    assert learned.find("Klimperkasten, organ, beech")[0].code == "sawing"
    assert learned.find("organ turning")[0].code == "turning-cnc"


def test_the_oldest_pick_goes_when_there_are_too_many():
    finder = Finder(learned={f"word{i}x": "sawing" for i in range(LEARNED_MAX)})
    learned = finder.learn("zorgle", "nitriding").learned
    assert len(learned) == LEARNED_MAX
    assert "word0x" not in learned
    assert learned["zorgle"] == "nitriding"
