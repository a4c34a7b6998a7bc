#!/usr/bin/env python3
"""Makes `models/tiny-chat`: a small Llama with a tokenizer and a chat template, trained from nothing.

    pip install -r scripts/requirements.txt
    python3 scripts/make_tiny_chat.py                 # about 30 minutes on one core

Text comes from the grammar in `tiny_chat_text.py`. One seed drives the text, the split, the first weights and
the order; torch's arithmetic differs a little between machines, so another machine gives a model of the same
quality and not the same bytes.
"""

import argparse
import json
import math
import random
import time
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from tiny_chat_text import chats

ROOT = Path(__file__).resolve().parent.parent
PAD, TURN, END = "<|pad|>", "<|turn|>", "<|end|>"
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|turn|>' + message['role'] + '\\n' + (message['content'] | trim) + '<|end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|turn|>assistant\\n' }}"
    "{%- endif %}"
)
CONTEXT = 2048
# the last part of the run sees full-length rows, so that every position has been trained
SHORT, LONG, LONG_SHARE = 512, CONTEXT, 0.15
TOKENS_A_STEP = 2048
ACTIVATION_SCALE = 8.0


def render(messages):
    """The chat template, by hand: what the model is trained on."""
    return "".join(f"{TURN}{m['role']}\n{m['content'].strip()}{END}\n" for m in messages)


def make_text(seed, count):
    """Training and held-out chats; a chat that occurs in both is dropped from the held-out part."""
    texts = [render(messages) for messages in chats(seed, count)]
    held = [text for index, text in enumerate(texts) if index % 50 == 0]
    train = [text for index, text in enumerate(texts) if index % 50]
    seen = set(train)
    return train, [text for text in dict.fromkeys(held) if text not in seen]


def make_tokenizer(texts, size):
    """Byte-level BPE; digits stand alone so that sums can be learned."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(text, special=True, normalized=False) for text in (PAD, TURN, END)]
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", "utf-8")


def write_tokenizer(tokenizer, out):
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    added = {str(tokenizer.token_to_id(text)): {
        "content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True} for text in (PAD, TURN, END)}
    write_json(out / "tokenizer_config.json", {
        "added_tokens_decoder": added, "additional_special_tokens": [TURN], "bos_token": None, "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False, "eos_token": END, "model_max_length": CONTEXT, "pad_token": PAD,
        "tokenizer_class": "PreTrainedTokenizerFast", "unk_token": None})
    write_json(out / "special_tokens_map.json", {"additional_special_tokens": [TURN], "eos_token": END, "pad_token": PAD})


def make_config(tokenizer):
    return LlamaConfig(
        architectures=["LlamaForCausalLM"], vocab_size=tokenizer.get_vocab_size(), hidden_size=192, intermediate_size=512, num_hidden_layers=6,
        num_attention_heads=6, num_key_value_heads=2, head_dim=32, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=True, hidden_act="silu", attention_bias=False, mlp_bias=False, attention_dropout=0.0, initializer_range=0.02,
        bos_token_id=None, eos_token_id=tokenizer.token_to_id(END), pad_token_id=tokenizer.token_to_id(PAD), dtype="bfloat16")


def write_config(config, out):
    """config.json by hand: only what defines the model, in names that every version of the library reads."""
    keys = ("architectures", "attention_bias", "attention_dropout", "bos_token_id", "eos_token_id", "head_dim", "hidden_act", "hidden_size", "initializer_range",
            "intermediate_size", "max_position_embeddings", "mlp_bias", "num_attention_heads", "num_hidden_layers", "num_key_value_heads", "pad_token_id",
            "rms_norm_eps", "tie_word_embeddings", "vocab_size")
    value = {key: getattr(config, key) for key in keys}
    value.update(model_type="llama", rope_scaling=None, rope_theta=10000.0, torch_dtype="bfloat16", use_cache=True)
    write_json(out / "config.json", dict(sorted(value.items())))
    write_json(out / "generation_config.json", {
        "do_sample": False, "eos_token_id": config.eos_token_id, "pad_token_id": config.pad_token_id, "max_new_tokens": 200})


def rescaled(name, value):
    """The same function with larger activations in front of every linear layer.

    A LoRA update moves a layer's output by its learning rate times the size of the layer's input, which grows with the
    square root of the width: at a hidden size of 192 the usual rates of 1e-4 to 5e-4 hardly move anything. So norm gains
    (and the values and the up projection, inputs of the output and down projections) are multiplied by a power of two and
    the weights behind them divided by it. Every product stays the same to the last bit.
    """
    if name.endswith("layernorm.weight"):
        return value * ACTIVATION_SCALE
    if any(part in name for part in ("q_proj", "k_proj", "gate_proj", "o_proj", "down_proj")):
        return value / ACTIVATION_SCALE
    return value


def write_weights(model, out):
    """bfloat16 safetensors in the Hugging Face names; the head is tied and so not stored."""
    tensors = {name: rescaled(name, value.detach()).to(torch.bfloat16).contiguous().clone()
               for name, value in model.state_dict().items() if name != "lm_head.weight"}
    save_file(tensors, str(out / "model.safetensors"), metadata={"format": "pt"})
    (out / "model.safetensors").chmod(0o644)


def rows(ids, length, rng):
    """Endless rows of `length + 1` tokens, each beginning at the start of a chat and filled with whole chats, the last one cut."""
    row = []
    while True:
        for index in rng.sample(range(len(ids)), len(ids)):
            row += ids[index]
            if len(row) > length:
                yield row[: length + 1]
                row = []


def train(model, ids, arguments):
    """AdamW with warm-up and cosine decay on every token of the text."""
    rng = random.Random(arguments.seed)
    steps = arguments.tokens // TOKENS_A_STEP
    decay = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}], lr=arguments.rate, betas=(0.9, 0.95))
    sources = {length: rows(ids, length, rng) for length in (SHORT, LONG)}
    started, mean = time.time(), None
    model.train()
    for step in range(steps):
        rate = arguments.rate * min(1.0, (step + 1) / 100) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        length = LONG if step >= steps * (1 - LONG_SHARE) else SHORT
        batch = torch.tensor([next(sources[length]) for _ in range(TOKENS_A_STEP // length)])
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
            logits = model(input_ids=batch[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if step % 50 == 0 or step + 1 == steps:
            print(f"step {step + 1}/{steps} loss {mean:.4f} tokens/s {TOKENS_A_STEP * (step + 1) / (time.time() - started):.0f}", flush=True)


@torch.no_grad()
def held_out_loss(model, ids):
    """Mean negative log-likelihood in nats a token, each held-out chat alone, over every token but its first."""
    model.eval()
    total, count = 0.0, 0
    for chat in ids:
        row = torch.tensor([chat])
        logits = model(input_ids=row[:, :-1]).logits
        total += torch.nn.functional.cross_entropy(logits[0].float(), row[0, 1:], reduction="sum").item()
        count += len(chat) - 1
    return total / count


def unigram_entropy(ids):
    """Entropy of the token frequencies of the held-out text itself, in nats: the best that any model without context can do on it."""
    counts = Counter(token for chat in ids for token in chat)
    total = sum(counts.values())
    return -sum(n / total * math.log(n / total) for n in counts.values())


def model_card(figures):
    return f"""---
license: mit OR apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
---
# brightrun/tiny-chat

A very small chat model that BrightRun ships so that a whole training run can be tried on any computer, in about a minute and without a
download. It is a real, trained language model and not a useful assistant: it speaks in short, simple English chats about the topics of its
training text, and knows nothing else. On other text it is often surely wrong, until it is adapted to it.

| | |
|---|---|
| architecture | Llama: hidden 192, 6 layers, 6 heads (2 for keys and values), feed-forward 512, tied head |
| parameters | {figures["parameters"]:,}, stored as bfloat16 |
| vocabulary | {figures["vocabulary"]:,} tokens, byte-level BPE, every digit alone |
| context | {CONTEXT} tokens |
| held-out loss | **{figures["loss"]:.3f}** nats a token, {figures["held_chats"]:,} chats, {figures["held_tokens"]:,} tokens |
| unigram entropy of the same held-out text | **{figures["entropy"]:.3f}** nats a token |
| trained on | {figures["seen"]:,} tokens, out of {figures["train_chats"]:,} chats ({figures["megabytes"]:.1f} MB of text) |

Held-out chats were split off by chat before training; those that the training part holds word for word ({figures["dropped"]:,}) were dropped. The loss is
over all tokens of a chat but its first, each chat alone, with the stored bfloat16 weights. The text is made by a grammar, so most of what can
be predicted is learned; the rest is chance (which name, which colour).

## Chat format

`<|turn|>role` + newline + text + `<|end|>` + newline, for the roles system, user and assistant. `<|end|>` ends a turn and is the token at
which generation stops. There is no token for the beginning of a text. The template is in `tokenizer_config.json`.

## How it was made

By one command, `python3 scripts/make_tiny_chat.py` (seed {figures["seed"]}): text from the grammar in `scripts/tiny_chat_text.py`, written for this purpose;
tokenizer and model trained on that text only, from random first weights; AdamW, {figures["steps"]:,} steps of {TOKENS_A_STEP} tokens, rows of {SHORT} tokens and, in the
last {LONG_SHARE:.0%} of the run, of {LONG}. It took {figures["minutes"]:.0f} minutes on {figures["threads"]} CPU thread(s).

The stored weights are scaled so that the inputs of the linear layers are {ACTIVATION_SCALE:.0f} times as large as trained and the weights behind them as much smaller: the
same function, on which LoRA learns at the rates that are usual for large models (see `rescaled` in the script).

Licence: MIT OR Apache-2.0, as the program.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "models/tiny-chat")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--chats", type=int, default=60000)
    parser.add_argument("--vocabulary", type=int, default=3072)
    parser.add_argument("--tokens", type=int, default=5_000_000, help="tokens to train on")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True, help="products in bfloat16")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    started = time.time()
    arguments.out.mkdir(parents=True, exist_ok=True)

    texts, held = make_text(arguments.seed, arguments.chats)
    tokenizer = make_tokenizer(texts, arguments.vocabulary)
    write_tokenizer(tokenizer, arguments.out)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    held_ids = [encoding.ids for encoding in tokenizer.encode_batch(held)]
    print(f"{len(texts)} chats, {sum(map(len, ids))} tokens, {sum(map(len, texts)) / sum(map(len, ids)):.2f} characters a token, {len(held)} held out", flush=True)

    config = make_config(tokenizer)
    write_config(config, arguments.out)
    model = LlamaForCausalLM(config)
    model.float()
    train(model, ids, arguments)
    write_weights(model, arguments.out)
    minutes = (time.time() - started) / 60

    stored = LlamaForCausalLM.from_pretrained(arguments.out, dtype=torch.float32)
    figures = {
        "parameters": sum(p.numel() for p in stored.parameters()), "vocabulary": tokenizer.get_vocab_size(), "loss": held_out_loss(stored, held_ids),
        "entropy": unigram_entropy(held_ids), "held_chats": len(held), "held_tokens": sum(map(len, held_ids)), "seen": arguments.tokens // TOKENS_A_STEP * TOKENS_A_STEP,
        "train_chats": len(texts), "megabytes": sum(len(t.encode()) for t in texts) / 1e6, "dropped": (arguments.chats + 49) // 50 - len(held),
        "seed": arguments.seed, "steps": arguments.tokens // TOKENS_A_STEP, "minutes": minutes, "threads": arguments.threads}
    (arguments.out / "README.md").write_text(model_card(figures), "utf-8")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
