"""Maps of half and of double the size, smoothed so that they do not alias.

Both are those of Karras et al., 2019, arXiv:1912.04958, whose filter has the weights ⅛, ⅜, ⅜, ⅛
along each side; zeros are around the maps.
"""

from __future__ import annotations

from typing import Any

from keras import layers


def _mean_of_two(rank: int, x: Any, strides: int) -> Any:
    kind = (layers.AveragePooling1D, layers.AveragePooling2D)[rank - 1]
    return kind(2, strides=strides, padding="valid" if strides == 1 else "same")(x)


def _blurred(rank: int, x: Any) -> Any:
    """Weights ¼, ½, ¼ along each side: the mean of two, twice."""
    x = (layers.ZeroPadding1D, layers.ZeroPadding2D)[rank - 1](1)(x)
    return _mean_of_two(rank, _mean_of_two(rank, x, 1), 1)


def halved(rank: int, x: Any) -> Any:
    """Half the size, rounded up, by weights ⅛, ⅜, ⅜, ⅛ along each side."""
    return _mean_of_two(rank, _blurred(rank, x), 2)


def doubled(rank: int, x: Any) -> Any:
    """Double the size, by weights ¼ and ¾ along each side."""
    return _blurred(rank, (layers.UpSampling1D, layers.UpSampling2D)[rank - 1](2)(x))
