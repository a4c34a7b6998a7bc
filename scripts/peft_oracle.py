#!/usr/bin/env python3
"""Figures that the training engine is tested against: losses, gradients and logits by transformers and PEFT.

    pip install -r scripts/requirements.txt
    python3 scripts/peft_oracle.py                    # writes crates/model/tests/fixtures/*
    python3 scripts/peft_oracle.py --only qwen3

For each of some really small models, one for every thing in which families differ: the model, one adapter after two steps of AdamW as PEFT saves it, and
oracle.json (batches, mean losses with and without the adapter, label counts) with oracle.safetensors (before each step the adapter's weights,
the gradients of the mean loss for them, and at the end the logits with the adapter read back).
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

OUTPUT = Path(__file__).resolve().parent.parent / "crates/model/tests/fixtures"
IGNORED = -100
ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

GROUPED = {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": False}
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
LORA = {"r": 4, "lora_alpha": 8, "target_modules": ALL_LINEAR}
SOME = {"r": 3, "lora_alpha": 6, "target_modules": ["q_proj", "k_proj", "o_proj", "up_proj"]}


def scaled(rope_type, **more):
    return {"rope_theta": 10000.0, "rope_type": rope_type, **more}


VARIANTS = {
    # Grouped queries, own head, f32.
    "untied": {"class": LlamaConfig, "model": GROUPED, "rope": PLAIN, "lora": LORA},
    # A tied head, a head width of its own, another rotary base, bf16 on disk.
    "tied": {
        "class": LlamaConfig,
        "model": {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 12, "tie_word_embeddings": True},
        "rope": {"rope_type": "default", "rope_theta": 500000.0},
        "dtype": torch.bfloat16,
        "lora": {"r": 6, "lora_alpha": 9, "target_modules": ["v_proj", "q_proj", "down_proj"]},
    },
    # A window over the past in every layer; f16 on disk.
    "mistral": {"class": MistralConfig, "model": GROUPED | {"sliding_window": 6}, "rope": PLAIN, "dtype": torch.float16, "lora": SOME},
    # Biases of queries, keys and values; a window in the upper layer only; rank-stabilised scale.
    "qwen2": {
        "class": Qwen2Config,
        "model": GROUPED | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1},
        "rope": {"rope_type": "default", "rope_theta": 1000000.0},
        "lora": LORA | {"use_rslora": True},
    },
    # Norms of queries and keys; adapters in one layer only.
    "qwen3": {
        "class": Qwen3Config,
        "model": GROUPED | {"head_dim": 12, "tie_word_embeddings": True},
        "rope": PLAIN,
        "lora": LORA | {"layers_to_transform": [1]},
    },
    # Biases everywhere, and each kind of stretched rotary embedding.
    "linear": {"class": LlamaConfig, "model": GROUPED | {"attention_bias": True, "mlp_bias": True}, "rope": scaled("linear", factor=2.0), "lora": SOME},
    "dynamic": {"class": LlamaConfig, "model": GROUPED | {"max_position_embeddings": 16}, "rope": scaled("dynamic", factor=2.0), "lora": SOME},
    "llama3": {
        "class": LlamaConfig,
        "model": GROUPED,
        "rope": scaled("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16),
        "lora": SOME,
    },
    "yarn": {
        "class": LlamaConfig,
        "model": GROUPED | {"head_dim": 16},
        "rope": scaled("yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=4.0),
        "lora": SOME,
    },
}
# Length of each sequence of a batch, and how many of its first tokens are a prompt.
BATCHES = [[(20, 5), (13, 6), (7, 1)], [(9, 0), (18, 10)]]


def make_model(variant, seed):
    """A model whose weights are large enough to make every part of it matter."""
    torch.manual_seed(seed)
    sizes = {"intermediate_size": 64, "num_hidden_layers": 2, "vocab_size": 96, "max_position_embeddings": 64} | variant["model"]
    config = variant["class"](rms_norm_eps=1e-5, initializer_range=0.15, rope_parameters=variant["rope"], use_cache=False,
                              attn_implementation="eager", **sizes)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name or "bias" in name:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    return model.to(variant.get("dtype", torch.float32))


def make_batch(sequences, generator):
    """Tokens padded on the right with zeros; labels on everything behind the prompt."""
    longest = max(length for length, _ in sequences)
    input_ids = torch.zeros(len(sequences), longest, dtype=torch.long)
    labels = torch.full_like(input_ids, IGNORED)
    for row, (length, prompt) in enumerate(sequences):
        input_ids[row, :length] = torch.randint(1, 96, (length,), generator=generator)
        labels[row, prompt:length] = input_ids[row, prompt:length]
    mask = (torch.arange(longest)[None] < torch.tensor([length for length, _ in sequences])[:, None]).long()
    return {"input_ids": input_ids, "labels": labels, "attention_mask": mask}


def forget_length(model):
    """Dynamic RoPE remembers the longest batch so far; ours looks at the batch in hand, so that the order of batches changes nothing."""
    for module in model.modules():
        if hasattr(module, "max_seq_len_cached"):
            module.max_seq_len_cached = module.original_max_seq_len


def adapter_tensors(model, prefix, pick):
    """The adapter's tensors under the names of PEFT's files."""
    named = ((name.replace(".default", ""), pick(parameter)) for name, parameter in model.named_parameters() if parameter.requires_grad)
    return {f"{prefix}.{name}": tensor.detach().clone().contiguous() for name, tensor in named}


def write_variant(folder, variant, seed):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make_model(variant, seed).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    torch.manual_seed(seed + 1)
    model = get_peft_model(base, LoraConfig(lora_dropout=0.0, task_type="CAUSAL_LM", **variant["lora"]))
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=5e-2, weight_decay=0.01)
    generator = torch.Generator().manual_seed(seed + 2)
    steps, tensors = [], {}
    for step, sequences in enumerate(BATCHES):
        batch = make_batch(sequences, generator)
        forget_length(model)
        with torch.no_grad(), model.disable_adapter():
            base_loss = model(**batch).loss
        forget_length(model)
        loss = model(**batch).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        tensors |= adapter_tensors(model, f"step{step}.weights", lambda p: p) | adapter_tensors(model, f"step{step}.gradients", lambda p: p.grad)
        rows, columns = batch["input_ids"].shape
        steps.append({
            "batch_size": rows,
            "seq_len": columns,
            "input_ids": batch["input_ids"].flatten().tolist(),
            "labels": batch["labels"].flatten().tolist(),
            "loss": loss.item(),
            "base_loss": base_loss.item(),
            "label_tokens": int((batch["labels"][:, 1:] != IGNORED).sum()),
        })
        optimizer.step()
    model.save_pretrained(folder / "adapter")
    (folder / "adapter/README.md").unlink(missing_ok=True)
    forget_path(folder / "adapter/adapter_config.json", folder.name)

    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    read_back = PeftModel.from_pretrained(base, folder / "adapter").eval()
    input_ids = torch.randint(0, 96, (2, 11), generator=generator)
    with torch.no_grad():
        tensors["logits"] = read_back(input_ids=input_ids).logits.contiguous()
        with read_back.disable_adapter():
            tensors["base_logits"] = read_back(input_ids=input_ids).logits.contiguous()
    save_file(tensors, folder / "oracle.safetensors")
    oracle = {"steps": steps, "logits": {"batch_size": 2, "seq_len": 11, "input_ids": input_ids.flatten().tolist()}}
    (folder / "oracle.json").write_text(json.dumps(oracle, indent=1) + "\n")


def forget_path(file, name):
    """The folder of whoever ran this is nobody's business; and sets have no order, so give the targets one."""
    config = json.loads(file.read_text())
    config["base_model_name_or_path"] = name
    config["target_modules"] = sorted(config["target_modules"])
    file.write_text(json.dumps(config, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--only", choices=VARIANTS, help="one variant")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for seed, (name, variant) in enumerate(VARIANTS.items(), start=7):
        if arguments.only in (None, name):
            write_variant(arguments.output / name, variant, seed)


if __name__ == "__main__":
    main()
