"""Training steps in plain PyTorch, without the zoo."""

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


def vae(parts: Parts, settings: dict[str, Any]) -> Step:
    """One update of encoder and decoder by the evidence lower bound."""
    encoder, decoder = parts["encoder"], parts["decoder"]
    adam = _adam([encoder, decoder], settings["learning_rate"], 0.9, 0.999)

    def step(batches: list[Batch]) -> dict[str, np.ndarray]:
        (batch,) = batches
        posterior = encoder(batch["data"])
        mean, log_variance = posterior["mean"], posterior["log_variance"]
        logits = decoder(mean + torch.exp(0.5 * log_variance) * batch["epsilon"])
        reconstruction = functional.binary_cross_entropy_with_logits(
            logits, batch["data"], reduction="sum"
        )
        kl = -0.5 * torch.sum(1 + log_variance - mean**2 - log_variance.exp())
        loss = (reconstruction + settings["beta"] * kl) / len(mean)
        return _report(_descend(adam, loss))

    return step


def dcgan(parts: Parts, settings: dict[str, Any]) -> Step:
    """An update of the discriminator, then one of the generator."""
    generator, discriminator = parts["generator"], parts["discriminator"]
    rates = settings["learning_rate"], settings["beta_1"], settings["beta_2"]
    adams = [_adam([part], *rates) for part in (discriminator, generator)]

    def discriminate(data: torch.Tensor, target: float) -> torch.Tensor:
        logit = discriminator(data)["logit"]
        return functional.binary_cross_entropy_with_logits(logit, torch.full_like(logit, target))

    def step(batches: list[Batch]) -> dict[str, np.ndarray]:
        first, second = batches
        fake = torch.tanh(generator(first["latent"])).detach()
        loss = discriminate(first["data"], 1.0) + discriminate(fake, 0.0)
        discriminated = _descend(adams[0], loss)
        generated = _descend(adams[1], discriminate(torch.tanh(generator(second["latent"])), 1.0))
        return _report(discriminated, generated)

    return step


STEPS: dict[str, Callable[[Parts, dict[str, Any]], Step]] = {"vae": vae, "dcgan": dcgan}


def _adam(parts: list[nn.Module], rate: float, *betas: float) -> torch.optim.Adam:
    parameters = [parameter for part in parts for parameter in part.parameters()]
    return torch.optim.Adam(parameters, rate, (betas[0], betas[1]), eps=1e-7)


def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> torch.Tensor:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def _report(*losses: torch.Tensor) -> dict[str, np.ndarray]:
    return {f"loss_{index}": loss.cpu().numpy() for index, loss in enumerate(losses)}
