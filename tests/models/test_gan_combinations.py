"""The pieces of GANs combine: a dozen of what `make combinations` tries, of every value."""

import pytest

from tests import combinations

pytestmark = pytest.mark.once
ALL = combinations.sampled(combinations.COUNT)
DOZEN = combinations.of_every_value(ALL, 12)


@pytest.mark.parametrize("one", DOZEN, ids=lambda one: "-".join(map(str, one)))
def test_a_combination_trains_and_is_exported(one, tmp_path):
    combinations.check(one, tmp_path)


def test_two_hundred_cover_every_pair():
    assert not combinations.uncovered(ALL)


def test_a_dozen_have_every_value():
    for number, (name, values) in enumerate(combinations.AXES.items()):
        missing = set(values) - {one[number] for one in DOZEN}
        assert not missing, f"{name}: {missing}"
