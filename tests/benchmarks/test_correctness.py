"""What counts as the same output."""

import numpy as np
import pytest

from benchmarks.errors import WrongOutput
from benchmarks.measure.correctness import check_outputs

pytestmark = pytest.mark.once

FLOATS = {"data": np.linspace(-1, 1, 100, dtype="float32")}
CODES = {"codes": np.arange(100, dtype="int32")}


def moved(arrays, amount):
    return {name: array + np.asarray(amount, array.dtype) for name, array in arrays.items()}


def with_wrong_codes(count):
    codes = CODES["codes"].copy()
    codes[:count] += 1
    return {"codes": codes}


def test_rounding_agrees_and_more_does_not():
    check_outputs(moved(FLOATS, 5e-6), FLOATS)
    with pytest.raises(WrongOutput, match="'data' is .* times the tolerance"):
        check_outputs(moved(FLOATS, 1e-3), FLOATS)


def test_lower_precision_may_differ_more_but_not_by_anything():
    check_outputs(moved(FLOATS, 5e-3), FLOATS, precision="float16")
    check_outputs(moved(FLOATS, 2e-2), FLOATS, precision="bfloat16")
    check_outputs(moved(FLOATS, 0.1), FLOATS, precision="int8")
    with pytest.raises(WrongOutput):
        check_outputs(moved(FLOATS, 0.3), FLOATS, precision="int8")


def test_a_tie_between_codes_agrees_and_many_do_not():
    check_outputs(with_wrong_codes(1), CODES)
    with pytest.raises(WrongOutput, match="5.0% of the integers of 'codes' differ"):
        check_outputs(with_wrong_codes(5), CODES)
    check_outputs(with_wrong_codes(5), CODES, precision="int8")


@pytest.mark.parametrize("outputs", [{}, {"data": FLOATS["data"][:50]}])
def test_missing_and_misshapen_outputs_are_wrong(outputs):
    with pytest.raises(WrongOutput, match="Received"):
        check_outputs(outputs, FLOATS)


def test_not_a_number_is_wrong():
    with pytest.raises(WrongOutput):
        check_outputs(moved(FLOATS, np.nan), FLOATS)
