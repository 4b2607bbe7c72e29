"""Models within models: names, steps, states and optimizers of an inner model's phases."""

import numpy as np

from tests.arrays import array
from zoo.gans.gan import GAN
from zoo.hybrids.inner import Inner
from zoo.model import GenerativeModel

DATA = np.random.default_rng(0).uniform(-1, 1, (16, 3)).astype("float32")
FIRST, END = 2, 5


class CountingGAN(GAN):
    """A GAN that keeps the number of its steps, and the last one."""

    def assemble(self):
        super().assemble()
        self.count, self.last = self.state("count"), self.state("last")

    def discriminator_loss(self, batch, training):
        logs = super().discriminator_loss(batch, training)
        return logs | {"next": {"count": self.count + 1, "last": batch["step"]}}


class Outer(GenerativeModel):
    """A model of nothing but an inner one, which trains in some of its steps."""

    value_range = None

    def assemble(self):
        shared = {"shape": self.shape, "value_range": None, "precision": self.precision}
        self.inner = CountingGAN(latent_dim=2, network_options={"width": 4}, **shared)
        inner = Inner("inner", self.inner, first=FIRST, end=END, prefix="game_")
        self.noise, self.phases = inner.noise, inner.phases()
        self.generator = self.inner.generator

    def uses(self):
        return {"sample": self.inner.uses()["sample"]}


def test_noise_and_phases_have_the_prefix():
    model = Outer(shape=(3,))
    assert list(model.noise) == ["game_latent"]
    assert [phase.name for phase in model.phases] == ["game_discriminator", "game_generator"]
    assert [list(phase.noise) for phase in model.phases] == [["game_latent"]] * 2


def test_steps_count_from_the_first_one_and_states_are_the_inner_model_s():
    model = Outer(shape=(3,))
    model.fit(DATA, steps=END + 3, batch_size=8, verbose=0)
    assert float(array(model.inner.count)) == END - FIRST
    assert float(array(model.inner.last)) == END - FIRST - 1


def test_the_outer_model_clips_and_scales_for_the_inner_one():
    model = Outer(shape=(3,), clip_norm=0.5, precision="mixed_float16")
    for optimizer in model.optimizers:
        assert type(optimizer).__name__ == "LossScaleOptimizer"
        assert type(optimizer.inner_optimizer).__name__ == "Adam"
        assert optimizer.inner_optimizer.global_clipnorm == 0.5
    before = [array(v).copy() for v in model.generator.variables]
    model.fit(DATA, steps=END, batch_size=8, verbose=0)
    changed = zip(before, model.generator.variables, strict=True)
    assert any((old != array(new)).any() for old, new in changed)


def test_an_optimizer_of_the_user_s_own_trains_the_inner_model():
    model = Outer(shape=(3,), optimizer="RMSprop")
    assert {type(optimizer).__name__ for optimizer in model.optimizers} == {"RMSprop"}
