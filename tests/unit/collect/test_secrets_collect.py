"""Secrets are found wherever a person may have written them, and named in their place."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.collect import connector, connector_of_url, hide, names, without_secrets
from hanse.collect.secrets import MARK, named_in, revealed, secret_fields
from hanse.model.errors import HanseError

SECRET = "s3cret-Word"
URLS = (
    "opc.tcp://bob:s3cret-Word@plc:4840/x?insecure=1",
    "http://bob:s3cret-Word@meter/values",
    "https://meter/values?unit=3&token=s3cret-Word",
    "http://meter/values?API_KEY=s3cret-Word",
    "mqtt://bob:s3cret-Word@broker:1883",
    "sparkplug://bob:s3cret-Word@broker:1883?host_id=plant",
    "sql+postgresql://bob:s3cret-Word@base/db?table=t&key=id",
)


@pytest.mark.parametrize("url", URLS)
def test_no_secret_of_an_address_stays_in_the_settings(url):
    _, settings = connector_of_url(url)
    hidden = hide("line-1", settings)
    shown = msgspec.json.encode(hidden.settings).decode()
    assert SECRET not in shown
    assert list(hidden.secrets.values()) == [SECRET]
    assert named_in(hidden.settings) == tuple(hidden.secrets)
    assert hide("line-1", hidden.settings).secrets == {}, "doing it again changes nothing"
    assert SECRET not in without_secrets(url)


def test_a_parameter_is_put_back_where_it_is_used():
    _, settings = connector_of_url("https://meter/values?unit=3&token=s3cret-Word")
    hidden = hide("m", settings)
    told = revealed(
        hidden.settings.url,
        lambda v: hidden.secrets[v.removeprefix(MARK)] if v.startswith(MARK) else v,
    )
    assert told == "https://meter/values?unit=3&token=s3cret-Word"


def test_tokens_of_doors_are_secrets():
    push = connector("push").config(token=SECRET)
    assert hide("a b", push).settings.token.startswith(MARK)
    assert hide("a b", push).secrets.keys() != hide("a-b", push).secrets.keys()
    assert secret_fields(connector("manual").config) == ("token",)


def test_every_field_that_may_name_a_secret_is_marked_as_one():
    for name in names():
        config = connector(name).config
        told = {
            f.name for f in msgspec.inspect.type_info(config).fields if "secret:NAME" in str(f.type)
        }
        assert told == set(secret_fields(config)), name


PRINTED = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@?#/")
SCHEMES = ["mqtt", "sparkplug", "http", "opc.tcp", "s7", "modbus", "nothing"]


@given(scheme=st.sampled_from(SCHEMES), rest=st.text(PRINTED, max_size=20))
def test_an_address_that_is_wrong_is_told_without_its_password(scheme, rest):
    told = []
    try:
        connector_of_url(f"{scheme}://bob:{SECRET}@{rest}?version=9")
    except HanseError as error:
        told = [str(error), error.subject]
    assert not any(SECRET in text for text in told)
