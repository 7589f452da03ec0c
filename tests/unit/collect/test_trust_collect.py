import pytest

from hanse.collect import Certificate
from hanse.collect.ports import MemoryOfProcess
from hanse.collect.trust import TrustBook
from hanse.model.errors import NotFound
from hanse.model.time import StillClock


def shown(mark, connection="lathe"):
    return Certificate(
        connection=connection,
        fingerprint=mark * 64,
        subject=f"CN={mark}",
        not_after=StillClock().now(),
        der=b"",
    )


async def test_a_certificate_is_asked_about_once_and_the_answer_is_kept():
    memory = MemoryOfProcess()
    book = TrustBook(memory)
    assert not await book.decide(shown("a"))
    assert [c.subject for c in book.waiting()] == ["CN=a"]
    book.trust("lathe", "a" * 64, by="ann")
    assert await book.decide(shown("a"))
    assert await TrustBook(memory).decide(shown("a"))
    assert book.waiting() == ()


async def test_another_certificate_is_asked_about_again_also_after_first_use():
    book = TrustBook(MemoryOfProcess(), first_use=True)
    assert await book.decide(shown("a"))
    assert not await book.decide(shown("b"))
    assert book.pinned("lathe") == "a" * 64


async def test_only_what_was_shown_can_be_trusted():
    book = TrustBook(MemoryOfProcess())
    await book.decide(shown("a"))
    with pytest.raises(NotFound):
        book.trust("lathe", "b" * 64, by="ann")
    book.trust("lathe", "a" * 64, by="ann")
    book.forget("lathe")
    assert not await book.decide(shown("a"))
