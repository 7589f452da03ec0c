import datetime as dt
import random

from hanse.model.time import format_minute, parse_instant
from hanse.node.world import RandomIds
from hanse.web.drawing.sentences import for_people, short

NOW = parse_instant("2026-03-09T06:00:00Z")


def read(sentence, timezone="Asia/Shanghai"):
    return for_people(sentence, now=NOW, timezone=timezone)


def test_instants_of_a_sentence_stand_in_the_firms_own_time():
    assert read("ready by 2026-03-09T10:14Z, before 2026-03-10T01:00:05+01:00") == (
        "ready by 18:14:00, before 03-10 08:00"
    )
    assert read("到 2026-03-09T10:14:33.25Z 为止", "UTC") == "到 10:14:33 为止"


def test_what_only_looks_like_an_instant_stays():
    for sentence in ("order 2026-03-09", "2026-13-45T99:99Z", "lot 2026-03-09T10:14", "12:30"):
        assert read(sentence) == sentence


def test_a_long_identity_is_shown_by_its_end_and_an_owners_own_code_stays():
    ids = RandomIds()
    for kind in ("order", "quote", "loop"):
        whole = ids.new(kind)
        assert short(f"{whole} signed") == f"{kind} …{whole[-4:]} signed"
        assert short(f"WO-{whole}.") == f"{kind} …{whole[-4:]}."
    for own in ("SHAFT-40", "WO-2041", "lathe-2", "order-7", "work-0123456789ab"):
        assert short(own) == own


def test_a_minute_as_a_sentence_has_it_is_read_back_to_that_minute():
    dice = random.Random(7)
    for _ in range(50):
        at = NOW + dt.timedelta(seconds=dice.randrange(10**8))
        assert parse_instant(format_minute(at)) == at.replace(second=0)
