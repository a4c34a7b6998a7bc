#!/usr/bin/env python3
"""What bf16 costs PEFT, which the engine's bf16 is measured against.

    pip install -r scripts/requirements.txt
    python3 scripts/bf16_oracle.py                    # writes bf16.json beside each fixture of peft_oracle.py

For each step of a fixture: the loss with the base model in bf16 and the adapters in f32 (PEFT's default), and how far the adapters'
gradients are from those in f32, relative to their length.
"""

import json
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from generation_oracle import forget_length

FIXTURES = Path(__file__).resolve().parent.parent / "crates/model/tests/fixtures"


def write(folder):
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="eager")
    model = PeftModel.from_pretrained(base, folder / "adapter", is_trainable=True)
    oracle, tensors = json.loads((folder / "oracle.json").read_text()), load_file(folder / "oracle.safetensors")
    trained = {name.replace(".default", ""): p for name, p in model.named_parameters() if p.requires_grad}
    steps = []
    for index, step in enumerate(oracle["steps"]):
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(tensors[f"step{index}.weights.{name}"])
        shape = step["batch_size"], step["seq_len"]
        ids, labels = (torch.tensor(step[key]).view(shape) for key in ("input_ids", "labels"))
        model.zero_grad()
        if hasattr(base.model.rotary_emb, "original_max_seq_len"):
            forget_length(model)
        loss = model(input_ids=ids, attention_mask=(ids != 0).long(), labels=labels).loss
        loss.backward()
        apart, length = 0.0, 0.0
        for name, parameter in trained.items():
            wanted = tensors[f"step{index}.gradients.{name}"].double()
            apart += float((parameter.grad.double() - wanted).square().sum())
            length += float(wanted.square().sum())
        steps.append({"loss": loss.item(), "gradientDistance": (apart / length) ** 0.5})
    (folder / "bf16.json").write_text(json.dumps({"steps": steps}, indent=1) + "\n")
    print(folder.name, steps)


def main():
    torch.set_num_threads(1)
    for folder in sorted(FIXTURES.iterdir()):
        write(folder)


if __name__ == "__main__":
    main()
