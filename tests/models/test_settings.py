"""Settings: fields of a class, stated once, checked, inherited and never assigned."""

import inspect
from typing import Any, Literal

import keras
import pytest

from tests import tiny
from zoo.errors import ModelError
from zoo.settings import REQUIRED, Settings, setting, typed, words

pytestmark = pytest.mark.once


class Base(Settings):
    shape: tuple[int, ...] = setting("Sizes.", at_least=1, tiny=(4,))
    rate: float = setting("A rate.", default=0.1, above=0, at_most=1)
    kind: Literal["a", "b"] | None = setting("A kind.", default=None)


class Derived(Base):
    rate = 0.5
    width: int = setting("A width.", default=32, at_least=1, tiny=4)
    network: keras.Model = setting("A network.", default=None)


class Sized(Derived):
    kind: Literal["a", "b", "c"] = "c"


class Holder(Derived):
    """A class with values: what `GenerativeModel` does with them."""

    def __init__(self, **settings):
        self.settings = self.settled(settings)


def refused(cls, message, **settings):
    with pytest.raises(ModelError, match=message):
        cls.settled({"shape": (2,), **settings})


def test_fields_are_inherited_in_order_and_a_line_changes_a_default():
    assert list(Base.fields) == ["shape", "rate", "kind"]
    assert list(Derived.fields) == ["shape", "rate", "kind", "width", "network"]
    assert (Base.fields["rate"].default, Derived.fields["rate"].default) == (0.1, 0.5)
    changed = Derived.fields["rate"]
    assert (changed.doc, changed.bounds, changed.type) == ("A rate.", Base.rate.bounds, float)
    assert Derived.settled({"shape": (2,)})["rate"] == 0.5
    assert Base.settled({"shape": (2,)})["rate"] == 0.1


def test_a_setting_without_a_use_is_left_out_below_too():
    class Without(Derived):
        lacks = ("kind",)

    class Below(Without):
        depth: int = setting("A depth.", default=1)

    assert list(Below.fields) == ["shape", "rate", "width", "network", "depth"]
    refused(Below, "has no setting 'kind'", kind="a")
    for name in ("pix2pix", "cyclegan", "srgan"):
        with pytest.raises(ModelError, match="has no setting 'latent_dim'"):
            tiny.create(name, latent_dim=5)


def test_of_two_bases_the_one_that_changes_a_default_decides():
    class Beside(Base):
        depth: int = setting("A depth.", default=1)

    class Both(Beside, Derived):
        pass

    assert Both.fields["rate"].default == Derived.fields["rate"].default == 0.5
    assert set(Both.fields) == {*Derived.fields, "depth"}


def test_a_changed_default_may_have_another_type():
    assert Sized.fields["kind"].type == Literal["a", "b", "c"]
    assert Sized.settled({"shape": (2,), "kind": "a"})["kind"] == "a"
    refused(Derived, "kind is 'a' or 'b' or None. Received: 'c'", kind="c")
    refused(Sized, "kind is 'a' or 'b' or 'c'. Received: None", kind=None)


def test_a_changed_default_is_checked_where_it_is_written():
    with pytest.raises(ModelError, match="rate is a number, above 0, at most 1. Received: 2"):
        type("Wrong", (Base,), {"rate": 2, "__module__": __name__})


def test_values_take_the_type_of_their_field():
    found = Base.settled({"shape": [2, 3], "rate": 1})
    assert found["shape"] == (2, 3) and found["rate"] == 1.0
    assert isinstance(found["shape"], tuple) and isinstance(found["rate"], float)


def test_bounds_hold_for_every_number_of_a_tuple():
    refused(Base, r"shape is \(a whole number, …\), at least 1. Received: \(2, 0\)", shape=(2, 0))
    assert Base.settled({"shape": (1, 2)})["shape"] == (1, 2)


@pytest.mark.parametrize("rate", [0, -0.1, 1.1, "1", None, True, float("nan")])
def test_what_is_no_number_within_the_bounds_is_refused(rate):
    refused(Base, "rate is a number, above 0, at most 1. Received: ", rate=rate)


def test_the_bounds_themselves_are_inside_or_outside_as_they_say():
    assert Base.settled({"shape": (1,), "rate": 1.0})["rate"] == 1.0
    refused(Base, "above 0", rate=0.0)


def test_an_unknown_setting_is_refused_with_the_nearest_one():
    refused(Derived, "Derived has no setting 'widht'. Did you mean 'width'", widht=3)
    refused(Derived, "Accepted: shape, rate, kind, width, network", other=3)


def test_a_required_setting_is_named():
    assert Base.fields["shape"].required and Base.fields["shape"].default is REQUIRED
    with pytest.raises(ModelError, match="Base needs the setting shape: Sizes."):
        Base.settled({})


def test_a_bound_is_one_of_four():
    with pytest.raises(TypeError, match="A bound is one of at_least, above.*Received: atleast"):
        setting("A number.", atleast=1)


def test_the_signature_lists_every_field_for_help():
    found = inspect.signature(Derived)
    assert list(found.parameters) == list(Derived.fields)
    assert found.parameters["rate"].default == 0.5
    assert found.parameters["rate"].annotation is float
    assert found.parameters["shape"].default is inspect.Parameter.empty
    assert {p.kind for p in found.parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}


def test_a_field_is_a_record_on_the_class_and_a_value_on_the_model():
    holder = Holder(shape=(3,), width=7)
    assert (Holder.width.doc, holder.width, holder.rate) == ("A width.", 7, 0.5)
    assert holder.settings["width"] == 7
    with pytest.raises(TypeError):
        holder.settings["width"] = 8


def test_a_setting_is_never_assigned():
    holder = Holder(shape=(3,))
    with pytest.raises(AttributeError, match="'width' is a setting of Holder and is never assign"):
        holder.width = 8
    assert holder.width == 32
    model = tiny.create("vae")
    with pytest.raises(AttributeError, match="'beta' is a setting of VAE"):
        model.beta = 2.0


def test_a_network_among_the_settings_is_no_attribute_of_the_class():
    """`assemble` assigns the network under the same name, and Keras tracks it."""
    assert "network" in Derived.fields and not hasattr(Derived, "network")
    model = tiny.create("vae")
    assert model.settings["encoder"] is None and isinstance(model.encoder, keras.Model)


def test_tiny_values_are_those_of_the_fields():
    assert Derived.tiny() == {"shape": (4,), "width": 4}


def test_two_bases_join_their_fields():
    class Other(Settings):
        depth: int = setting("A depth.", default=2)

    class Both(Other, Base):
        pass

    assert set(Both.fields) == {"shape", "rate", "kind", "depth"}


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (int, "a whole number"),
        (float | None, "a number or None"),
        (tuple[int, ...], "(a whole number, …)"),
        (tuple[float, float] | None, "(a number, a number) or None"),
        (Literal["a", 1], "'a' or 1"),
        (str | keras.optimizers.Optimizer, "a text or Optimizer"),
        (dict, "dict"),
    ],
)
def test_types_are_put_in_words(hint, text):
    assert words(hint) == text


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (3, float, 3.0),
        ([1, 2], tuple[int, int], (1, 2)),
        (None, int | None, None),
        (3, int | float, 3),
        (2.5, int | float, 2.5),
        ({"a": 1}, dict[str, int], {"a": 1}),
        ("a", Literal["a", "b"], "a"),
        (object, Any, object),
    ],
)
def test_a_value_is_read_as_its_type_where_nothing_is_lost(value, hint, expected):
    found = typed(value, hint)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (3.5, int),
        ("3", int),
        (True, int),
        (True, float),
        (1j, float),
        ((1, 2, 3), tuple[int, int]),
        ((1, 2.5), tuple[int, ...]),
        (3, tuple[int, ...]),
        ("c", Literal["a", "b"]),
        ([], dict),
        (None, int),
    ],
)
def test_another_type_is_refused(value, hint):
    with pytest.raises(TypeError):
        typed(value, hint)
