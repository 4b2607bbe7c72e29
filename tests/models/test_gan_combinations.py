"""The pieces of GANs combine: a dozen of what `make combinations` tries."""

import pytest

from tests import combinations

pytestmark = pytest.mark.once
DOZEN = combinations.sampled(12)


@pytest.mark.parametrize("one", DOZEN, ids=lambda one: "-".join(map(str, one)))
def test_a_combination_trains_and_is_exported(one, tmp_path):
    combinations.check(one, tmp_path)


def test_two_hundred_cover_every_pair():
    assert not combinations.uncovered(combinations.sampled(combinations.COUNT))


def test_a_dozen_have_every_value():
    for number, (name, values) in enumerate(combinations.AXES.items()):
        missing = set(values) - {one[number] for one in DOZEN}
        assert not missing, f"{name}: {missing}"
