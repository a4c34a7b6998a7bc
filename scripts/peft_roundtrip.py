#!/usr/bin/env python3
"""Loads an adapter that the training engine wrote with PEFT, and compares logits.

    cargo run -p model --example adapter_for_peft -- MODEL_FOLDER DIR
    python3 scripts/peft_roundtrip.py DIR

Prints the largest difference of a logit, and fails when it is above 1e-4 (relative to the largest logit, where
that is above 1) or when PEFT saves other tensors than it loaded.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch
from peft import PeftConfig, PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

TOLERANCE = 1e-4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    record = json.loads((folder / "logits.json").read_text())
    input_ids = torch.tensor(record["input_ids"]).view(record["batch_size"], record["seq_len"])
    ours = torch.tensor(record["logits"]).view(record["batch_size"], record["seq_len"], -1)

    base_path = PeftConfig.from_pretrained(folder).base_model_name_or_path
    base = AutoModelForCausalLM.from_pretrained(base_path, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        without = base(input_ids).logits.clone()
        model = PeftModel.from_pretrained(base, folder).eval()
        theirs = model(input_ids).logits
    difference = (theirs - ours).abs().max().item()
    largest = theirs.abs().max().item()
    print(f"largest difference {difference:.2e}; largest logit {largest:.2f}; the adapter changes logits by up to {(theirs - without).abs().max().item():.2f}")

    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        before, after = load_file(folder / "adapter_model.safetensors"), load_file(Path(saved) / "adapter_model.safetensors")
    same = before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    print(f"{len(before)} tensors, saved back by PEFT {'unchanged' if same else 'CHANGED'}")
    if not same or difference > TOLERANCE * max(1.0, largest):
        sys.exit(1)


if __name__ == "__main__":
    main()
