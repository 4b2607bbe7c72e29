"""Training steps in plain PyTorch, without the zoo: eager, or with `torch.compile`.

Compiled are the losses, and with them their gradients, and the optimizers' steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

Parts = dict[str, nn.Module]
Batch = dict[str, torch.Tensor]
Step = Callable[[list[Batch]], dict[str, np.ndarray]]


def vae(parts: Parts, settings: dict[str, Any], *, compiled: bool = False) -> Step:
    """One update of encoder and decoder by the evidence lower bound."""
    encoder, decoder = parts["encoder"], parts["decoder"]
    descend = _descent([encoder, decoder], compiled, settings["learning_rate"], 0.9, 0.999)

    def bound(batch: Batch) -> torch.Tensor:
        posterior = encoder(batch["data"])
        mean, log_variance = posterior["mean"], posterior["log_variance"]
        logits = decoder(mean + torch.exp(0.5 * log_variance) * batch["epsilon"])
        reconstruction = functional.binary_cross_entropy_with_logits(
            logits, batch["data"], reduction="sum"
        )
        kl = -0.5 * torch.sum(1 + log_variance - mean**2 - log_variance.exp())
        return (reconstruction + settings["beta"] * kl) / len(mean)

    loss = _compiled(bound) if compiled else bound

    def step(batches: list[Batch]) -> dict[str, np.ndarray]:
        (batch,) = batches
        return _report(descend(loss(batch)))

    return step


def dcgan(parts: Parts, settings: dict[str, Any], *, compiled: bool = False) -> Step:
    """An update of the discriminator, then one of the generator."""
    generator, discriminator = parts["generator"], parts["discriminator"]
    rates = settings["learning_rate"], settings["beta_1"], settings["beta_2"]
    first, second = (_descent([part], compiled, *rates) for part in (discriminator, generator))

    def discriminate(data: torch.Tensor, target: float) -> torch.Tensor:
        logit = discriminator(data)["logit"]
        return functional.binary_cross_entropy_with_logits(logit, torch.full_like(logit, target))

    def judged(batch: Batch) -> torch.Tensor:
        fake = torch.tanh(generator(batch["latent"])).detach()
        return discriminate(batch["data"], 1.0) + discriminate(fake, 0.0)

    def believed(batch: Batch) -> torch.Tensor:
        return discriminate(torch.tanh(generator(batch["latent"])), 1.0)

    losses = [_compiled(loss) if compiled else loss for loss in (judged, believed)]

    def step(batches: list[Batch]) -> dict[str, np.ndarray]:
        discriminated = first(losses[0](batches[0]))
        return _report(discriminated, second(losses[1](batches[1])))

    return step


STEPS: dict[str, Callable[..., Step]] = {"vae": vae, "dcgan": dcgan}


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return torch.compile(function, dynamic=False)


def _descent(
    parts: list[nn.Module], compiled: bool, rate: float, *betas: float
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Loss → the loss, once the weights of the parts have moved along its gradient by Adam."""
    parameters = [parameter for part in parts for parameter in part.parameters()]
    adam = torch.optim.Adam(parameters, rate, (betas[0], betas[1]), eps=1e-7)
    update = _compiled(adam.step) if compiled else adam.step

    def descend(loss: torch.Tensor) -> torch.Tensor:
        adam.zero_grad()
        loss.backward()
        update()
        return loss.detach()

    return descend


def _report(*losses: torch.Tensor) -> dict[str, np.ndarray]:
    return {f"loss_{index}": loss.cpu().numpy() for index, loss in enumerate(losses)}
