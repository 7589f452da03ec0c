"""Free words in two languages find the codes that are meant; hard limits come before ranking."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from hanse.match.capability import Finder, Need, catalogue, fits
from hanse.match.capability.search import QUERY_MAX
from hanse.match.profile import Offered

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def finder():
    return Finder()


@pytest.mark.parametrize("name", ["capability_queries", "capability_queries_trade"])
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
