"""`zoo describe`: a model's settings, and the networks that it may have."""

import json

import pytest

from zoo.networks import FAMILIES

pytestmark = pytest.mark.once


def test_the_networks_and_their_options_are_listed(zoo):
    code, out, _ = zoo("describe", "gan")
    assert code == 0
    assert "\nmlp: width=256, depth=None" in out and "mapping_layers=8" in out
    assert "condition" not in out and "trace" not in out


def test_json_has_settings_and_networks(zoo):
    code, out, _ = zoo("describe", "vae", "--json")
    found = json.loads(out)
    assert code == 0
    assert "latent_dim" in {setting["name"] for setting in found["settings"]}
    assert set(found["networks"]) == set(FAMILIES)
    assert found["networks"]["resnet"]["kernel_initializer"] == "he_normal"


def test_a_model_of_one_network_has_none_to_choose(zoo):
    assert "network_options, of which" not in zoo("describe", "shallow_autoencoder").out
