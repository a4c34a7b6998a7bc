#!/usr/bin/env python3
"""Figures that the trainer's optimisers, clipping and schedules are tested against.

Needs torch and transformers. Writes crates/trainer/tests/fixtures/optimizer_oracle.json, or the file given as argument.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import get_constant_schedule_with_warmup, get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup
from transformers.optimization import Adafactor

SHAPES = [(3, 5), (4, 2)]
RATES = [0.0, 2e-3, 1e-2, 5e-3, 1e-3, 7e-4]
WEIGHT_DECAY = 0.01


def rounded(tensor):
    return [float(x) for x in tensor.flatten()]


def optimizers(parameters):
    return {
        "adamw": lambda p: torch.optim.AdamW(p, lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=WEIGHT_DECAY, foreach=False),
        "sgd": lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.9, weight_decay=WEIGHT_DECAY, foreach=False),
        "adafactor": lambda p: Adafactor(p, lr=1.0, scale_parameter=False, relative_step=False, weight_decay=WEIGHT_DECAY),
    }[parameters]


def trajectory(name, initial, gradients):
    parameters = [torch.nn.Parameter(t.clone()) for t in initial]
    optimizer = optimizers(name)(parameters)
    steps = []
    for rate, step in zip(RATES, gradients):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for parameter, gradient in zip(parameters, step):
            parameter.grad = gradient.clone()
        optimizer.step()
        steps.append([rounded(p.detach()) for p in parameters])
    return steps


def clipping(gradients, limit):
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
    return {"limit": limit, "norm": float(norm), "clipped": [rounded(p.grad) for p in parameters]}


def schedule(kind, warmup, total):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    make = {
        "linear": lambda: get_linear_schedule_with_warmup(optimizer, warmup, total),
        "cosine": lambda: get_cosine_schedule_with_warmup(optimizer, warmup, total),
        "constant": lambda: get_constant_schedule_with_warmup(optimizer, warmup),
    }[kind]
    scheduler, rates = make(), []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"kind": kind, "warmupSteps": warmup, "totalSteps": total, "peak": 0.5, "rates": rates}


def main():
    generator = torch.Generator().manual_seed(20240607)
    draw = lambda shape: torch.randn(shape, generator=generator)
    initial = [draw(s) for s in SHAPES]
    gradients = [[draw(s) * 10.0 ** (step - 3) for s in SHAPES] for step in range(len(RATES))]
    figures = {
        "torch": torch.__version__.split("+")[0],
        "transformers": transformers.__version__,
        "shapes": SHAPES,
        "rates": RATES,
        "weightDecay": WEIGHT_DECAY,
        "initial": [rounded(t) for t in initial],
        "gradients": [[rounded(g) for g in step] for step in gradients],
        "trajectories": {name: trajectory(name, initial, gradients) for name in ("adamw", "sgd", "adafactor")},
        "clipping": [clipping(gradients[4], 1.0), clipping(gradients[0], 1.0)],
        "schedules": [schedule(k, w, t) for k in ("linear", "cosine", "constant") for w, t in ((0, 7), (3, 20), (5, 5), (9, 6))],
    }
    default = Path(__file__).resolve().parent.parent / "crates/trainer/tests/fixtures/optimizer_oracle.json"
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    target.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
