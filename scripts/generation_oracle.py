#!/usr/bin/env python3
"""Greedy answers that the engine's generation is tested against, by transformers and PEFT.

    pip install -r scripts/requirements.txt
    python3 scripts/generation_oracle.py              # writes generation.json beside each fixture of peft_oracle.py

Each prompt is answered by the base model and with the adapter. Prompts at which two tokens are almost equally likely are passed over, so
that the answers do not hang on the last digit. Beside the answers: what an evaluation asks (loss, right guesses, mean hidden state).
"""

import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

FIXTURES = Path(__file__).resolve().parent.parent / "crates/model/tests/fixtures"
LENGTHS, NEW_TOKENS, STOP, VOCABULARY = [3, 9, 5, 12], 14, 17, 96
CLEAR = 2e-3


def forget_length(model):
    """Dynamic RoPE remembers the longest sequence so far."""
    for module in model.modules():
        if hasattr(module, "max_seq_len_cached"):
            module.max_seq_len_cached = module.original_max_seq_len
            module.inv_freq = module.original_inv_freq


def answer(model, prompt):
    """Tokens added to a prompt, and how far the first was ahead of the second at the closest."""
    forget_length(model)
    made = model.generate(
        input_ids=torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False, num_beams=1, use_cache=True,
        max_new_tokens=NEW_TOKENS, eos_token_id=STOP, pad_token_id=0, return_dict_in_generate=True, output_scores=True)
    margins = [float(score[0].topk(2).values.diff().abs()) for score in made.scores]
    return made.sequences[0, len(prompt):].tolist(), min(margins)


def scores(model, tokens):
    """Loss of all tokens after the first, how many of them are guessed, and the mean of the last hidden states after the first."""
    forget_length(model)
    with torch.no_grad():
        made = model(input_ids=torch.tensor([tokens]), output_hidden_states=True)
    logits, targets = made.logits[0, :-1].float(), torch.tensor(tokens[1:])
    loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item()
    return {"loss": loss, "correct": int((logits.argmax(-1) == targets).sum()), "mean_state": made.hidden_states[-1][0, 1:].mean(0).tolist()}


def write(folder):
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model = PeftModel.from_pretrained(base, folder / "adapter").eval()
    generator = torch.Generator().manual_seed(11)
    prompts, place = [], 0
    while len(prompts) < len(LENGTHS) and place < 400:
        place += 1
        tokens = torch.randint(1, VOCABULARY, (LENGTHS[len(prompts)],), generator=generator).tolist()
        with model.disable_adapter():
            by_base, base_margin = answer(model, tokens)
        adapted, margin = answer(model, tokens)
        if min(base_margin, margin) < CLEAR:
            continue
        with model.disable_adapter():
            figures = {"base": scores(model, tokens + by_base)}
        figures["adapted"] = scores(model, tokens + by_base)
        prompts.append({"tokens": tokens, "base": by_base, "adapted": adapted, "scores": figures})
    text = {"stop": STOP, "max_new_tokens": NEW_TOKENS, "prompts": prompts}
    (folder / "generation.json").write_text(json.dumps(text, indent=1) + "\n")
    print(folder.name, len(prompts), [(len(p["base"]), len(p["adapted"])) for p in prompts])


def main():
    torch.set_num_threads(1)
    for folder in sorted(FIXTURES.iterdir()):
        write(folder)


if __name__ == "__main__":
    main()
