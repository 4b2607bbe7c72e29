"""`--set key=value` gives values of the constructor's types, or one line that says which."""

import typing
from collections.abc import Sequence

import pytest

from zoo.cli.errors import UsageError
from zoo.cli.settings import parse
from zoo.registry import TABLE, describe
from zoo.settings import Setting

KINDS = {
    "count": int,
    "rate": float,
    "flag": bool,
    "name": str,
    "maybe": str | None,
    "decay": float | None,
    "either": int | float,
    "range": Sequence[float] | None,
    "sizes": tuple[int, ...],
    "names": list[str],
    "options": dict[str, typing.Any] | None,
    "choice": typing.Literal["a", "b"],
    "anything": typing.Any,
}
ACCEPTED = {name: Setting("", None, name=name, type=kind) for name, kind in KINDS.items()}


@pytest.mark.once
@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("count=3", 3),
        ("count=-3", -3),
        ("rate=1", 1.0),
        ("rate=2e-4", 2e-4),
        ("flag=true", True),
        ("flag=no", False),
        ("flag=1", True),
        ("name=mlp", "mlp"),
        ("name=a=b", "a=b"),
        ("name=", ""),
        ("name=none", "none"),
        ("maybe=none", None),
        ("maybe=mlp", "mlp"),
        ("decay=None", None),
        ("decay=.999", 0.999),
        ("either=3", 3),
        ("either=3.5", 3.5),
        ("range=none", None),
        ("range=-1,1", (-1.0, 1.0)),
        ("range=(0, 1)", (0.0, 1.0)),
        ("sizes=[8, 4]", (8, 4)),
        ("names=a,b", ["a", "b"]),
        ('options={"width": 4, "activation": "tanh"}', {"width": 4, "activation": "tanh"}),
        ("options=none", None),
        ("choice=b", "b"),
        ("anything=[1, 2]", [1, 2]),
        ("anything=text", "text"),
    ],
)
def test_values_are_of_the_type_that_is_annotated(word, value):
    name = word.partition("=")[0]
    found = parse([word], ACCEPTED)
    assert found == {name: value}
    assert type(found[name]) is type(value)


@pytest.mark.once
def test_dotted_keys_set_the_entries_of_a_mapping():
    words = ['options={"width": 4, "depth": 1}', "options.width=16", "options.activation=none"]
    assert parse(words, ACCEPTED) == {"options": {"width": 16, "depth": 1, "activation": None}}


@pytest.mark.once
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("count", "--set takes key=value. Received: 'count'."),
        ("cuont=3", "Unknown setting 'cuont'. Did you mean 'count'? Accepted: count, rate"),
        ("count=3.5", "count is a whole number. Received: '3.5'."),
        ("count=none", "count is a whole number. Received: 'none'."),
        ("rate=fast", "rate is a number. Received: 'fast'."),
        ("rate=nan", "rate is a number. Received: 'nan'."),
        ("flag=2", "flag is bool. Received: '2'."),
        ("decay=often", "decay is a number or None. Received: 'often'."),
        ("sizes=", "sizes is (a whole number, …). Received: ''."),
        ("options=[1]", "options is dict or None. Received: '[1]'."),
        ("choice=c", "choice is 'a' or 'b'. Received: 'c'."),
        ("count.width=3", "count has no entries: it is a whole number. Received: 'count.width'."),
    ],
)
def test_wrong_assignments_say_what_is_accepted(word, message):
    with pytest.raises(UsageError) as caught:
        parse([word], ACCEPTED)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", TABLE)
def test_every_setting_has_a_type_and_a_meaning(name):
    fields = describe(name).fields()
    assert fields["shape"].required
    for setting in fields.values():
        assert setting.type is not typing.Any, setting.name
        assert setting.doc.endswith("."), f"{name}: {setting.name} is not documented"


def test_describe_shows_every_setting(zoo):
    code, out, _ = zoo("describe", "wgan_gp")
    assert code == 0
    assert "Gulrajani" in out
    for setting in describe("wgan_gp").fields().values():
        assert f"\n{setting.name}: {setting.rule}, " in out
