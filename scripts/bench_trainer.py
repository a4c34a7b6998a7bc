#!/usr/bin/env python3
"""PEFT's side of `make bench-trainer`: a process that makes a training step for each line it reads.

    bench_trainer.py FOLDER f32|bf16 THREADS

FOLDER holds config.json, model.safetensors and batches.json. Adapters have the precision of the model, as fast as PEFT goes.
"""

import json
import resource
import sys
import time
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model

RANK = 16
BATCH, LENGTH = 4, 256


def peak_bytes():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def product_rate(dtype):
    x, w = torch.randn(BATCH * LENGTH, 576).to(dtype), torch.randn(1536, 576).to(dtype)
    best = float("inf")
    with torch.no_grad():
        for _ in range(40):
            start = time.perf_counter()
            torch.nn.functional.linear(x, w)
            best = min(best, time.perf_counter() - start)
    return 2 * BATCH * LENGTH * 576 * 1536 / best


def main():
    folder, precision, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]
    batches = json.loads((folder / "batches.json").read_text())
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa")
    model.config.use_cache = False
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    lora = LoraConfig(r=RANK, lora_alpha=32, lora_dropout=0.0, target_modules=targets)
    model = get_peft_model(model, lora, autocast_adapter_dtype=False)
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4, weight_decay=0.01)
    for tokens in batches:
        if not sys.stdin.readline().strip():
            break
        start, cpu = time.perf_counter(), time.process_time()
        ids = torch.tensor(tokens).view(BATCH, LENGTH)
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss = loss.item()
        print(json.dumps({"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "loss": loss}), flush=True)
    sys.stdin.readline()
    peak = peak_bytes()
    versions = f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, peft {peft.__version__}"
    print(json.dumps({"peak_bytes": peak, "product_rate": product_rate(dtype), "versions": versions}), flush=True)


if __name__ == "__main__":
    main()
