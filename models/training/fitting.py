"""The training loop of every network: fixed steps, one cycle of the learning rate, averaged weights."""

import time

import torch


def fit(network, batch_loss, steps, rate, decay, seed, name):
    """Fits `network` in place; `batch_loss(network, generator, progress)` draws a batch and scores it.

    The final weights are the running mean of the last few hundred steps. No step is chosen by its score
    on any data.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    mean = {key: value.clone() for key, value in network.state_dict().items()}
    network.train()
    started, total = time.time(), 0.0
    for step in range(steps):
        loss = batch_loss(network, generator, step / steps)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        keep = min(0.995, (step + 1) / (step + 10))
        with torch.no_grad():
            for key, value in network.state_dict().items():
                if value.dtype.is_floating_point:
                    mean[key].mul_(keep).add_(value, alpha=1 - keep)
                else:
                    mean[key].copy_(value)
        total += loss.item()
        if (step + 1) % 200 == 0:
            print(f"{name}: step {step + 1} of {steps}, loss {total / 200:.3f}, {time.time() - started:.0f} s", flush=True)
            total = 0.0
    network.load_state_dict(mean)
    return network.eval()


def mirrored(x, regions):
    """The other half of every face: regions swapped, horizontal motion reversed (the last two axes)."""
    return x[..., regions, :] * torch.tensor([-1.0, 1.0])
