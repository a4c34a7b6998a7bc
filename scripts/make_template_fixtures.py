#!/usr/bin/env python3
"""Writes `fixtures/chat_template/styles.json` and `styles-tokenizer.json`: conversations in the formats of well-known model families.

    pip install -r scripts/requirements.txt
    python3 scripts/make_template_fixtures.py

Each style is a template of ours that prints a family's format with the idioms that published templates use (namespaces, slices, loop
controls, string methods, exceptions, dates), so that the renderer meets all of them. Text, ids and, where the template can be marked for
it, the assistant mask come from transformers; TRL's assistant-only loss uses that mask.
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "fixtures/chat_template"
DATE = "17 Jan 2026"

# `GEN(` and `)GEN` mark what the assistant says; they become {% generation %} for the mask and nothing for the template under test.
STYLES = {
    "chatml": {
        "eos": "<|im_end|>",
        "template": "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}{% if message['role'] == 'assistant' %}GEN("
                    "{{ message['content'] + '<|im_end|>' }})GEN{{ '\n' }}{% else %}{{ message['content'] + '<|im_end|>' + '\n' }}{% endif %}{% endfor %}"
                    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    },
    "smollm2": {
        "eos": "<|im_end|>",
        "template": "{% for m in messages %}{% if loop.first and m.role != 'system' %}{{ '<|im_start|>system\nYou answer briefly.<|im_end|>\n' }}{% endif %}"
                    "{{ '<|im_start|>' ~ m.role ~ '\n' }}{% if m.role == 'assistant' %}GEN({{ m.content ~ '<|im_end|>' }})GEN{% else %}"
                    "{{ m.content ~ '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    },
    "llama2": {
        "bos": "<s>", "eos": "</s>",
        "template": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
                    "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
                    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
                    "{{ raise_exception('Roles must take turns: user, assistant, user, assistant ...') }}{% endif %}"
                    "{% if loop.index0 == 0 and system_message != false %}"
                    "{% set content = '<<SYS>>\n' + system_message.strip() + '\n<</SYS>>\n\n' + message['content'] %}"
                    "{% else %}{% set content = message['content'] %}{% endif %}"
                    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
                    "{% elif message['role'] == 'assistant' %}GEN({{ ' ' + content.strip() + ' ' + eos_token }})GEN{% endif %}{% endfor %}",
    },
    "llama3": {
        "bos": "<|begin_of_text|>", "eos": "<|eot_id|>",
        "template": "{{- bos_token }}\n{%- if not date_string is defined %}\n    {%- if strftime_now is defined %}\n"
                    "        {%- set date_string = strftime_now('%d %b %Y') %}\n    {%- else %}\n        {%- set date_string = '26 Jul 2024' %}\n    {%- endif %}\n{%- endif %}\n"
                    "{%- if messages[0]['role'] == 'system' %}\n    {%- set system_message = messages[0]['content'] | trim %}\n    {%- set messages = messages[1:] %}\n"
                    "{%- else %}\n    {%- set system_message = '' %}\n{%- endif %}\n"
                    "{{- '<|start_header_id|>system<|end_header_id|>\n\n' }}\n{{- 'Date: ' + date_string + '\n\n' }}\n{{- system_message }}\n{{- '<|eot_id|>' }}\n"
                    "{%- for message in messages %}\n    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
                    "{% if message['role'] == 'assistant' %}GEN({{- (message['content'] | trim) + '<|eot_id|>' }})GEN"
                    "{% else %}{{- (message['content'] | trim) + '<|eot_id|>' }}{% endif %}\n{%- endfor %}\n"
                    "{%- if add_generation_prompt %}\n    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}\n{%- endif %}\n",
    },
    "mistral-v0.1": {
        "bos": "<s>", "eos": "</s>",
        "template": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
                    "{{ raise_exception('Roles must take turns: user, assistant, user, assistant ...') }}{% endif %}"
                    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
                    "{% elif message['role'] == 'assistant' %}GEN({{ message['content'] + eos_token }})GEN{{ ' ' }}"
                    "{% else %}{{ raise_exception('Only user and assistant roles are known') }}{% endif %}{% endfor %}",
        "no_system": True,
    },
    "mistral-v0.3": {
        "bos": "<s>", "eos": "</s>",
        "template": "{%- if messages[0].role == 'system' %}{%- set system = messages[0].content %}{%- set turns = messages[1:] %}{%- else %}{%- set turns = messages %}{%- endif %}"
                    "{{- bos_token }}{%- for message in turns %}{%- if message.role == 'user' %}{%- if loop.last and system is defined %}"
                    "{{- '[INST] ' + system + '\n\n' + message.content + '[/INST]' }}{%- else %}{{- '[INST] ' + message.content + '[/INST]' }}{%- endif %}"
                    "{%- elif message.role == 'assistant' %}GEN({{- ' ' + message.content | trim + eos_token }})GEN"
                    "{%- else %}{{- raise_exception('Unknown role ' + message.role) }}{%- endif %}{%- endfor %}",
    },
    "qwen2.5": {
        "eos": "<|im_end|>",
        "template": "{%- if tools %}\n    {{- '<|im_start|>system\n' }}\n    {%- if messages[0]['role'] == 'system' %}\n        {{- messages[0]['content'] }}\n    {%- endif %}\n"
                    "    {{- '\n\n# Tools\n' }}\n    {%- for tool in tools %}\n        {{- '\n' }}\n        {{- tool | tojson }}\n    {%- endfor %}\n    {{- '<|im_end|>\n' }}\n"
                    "{%- else %}\n    {%- if messages[0]['role'] == 'system' %}\n        {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}\n"
                    "    {%- else %}\n        {{- '<|im_start|>system\nYou help.<|im_end|>\n' }}\n    {%- endif %}\n{%- endif %}\n"
                    "{%- for message in messages %}\n    {%- if (message.role == 'user') or (message.role == 'system' and not loop.first) %}\n"
                    "        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}\n"
                    "    {%- elif message.role == 'assistant' %}\n        {{- '<|im_start|>' + message.role + '\n' }}GEN({{- message.content + '<|im_end|>' }})GEN{{- '\n' }}\n"
                    "    {%- elif message.role == 'tool' %}\n        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != 'tool') %}\n            {{- '<|im_start|>user' }}\n        {%- endif %}\n"
                    "        {{- '\n<tool_response>\n' }}\n        {{- message.content }}\n        {{- '\n</tool_response>' }}\n"
                    "        {%- if loop.last or (messages[loop.index0 + 1].role != 'tool') %}\n            {{- '<|im_end|>\n' }}\n        {%- endif %}\n    {%- endif %}\n{%- endfor %}\n"
                    "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' }}\n{%- endif %}\n",
    },
    # Answers before the last question lose their thoughts, and the last answer always has some, if only empty ones.
    "qwen3": {
        "eos": "<|im_end|>",
        "template": "{%- if messages[0].role == 'system' %}{{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}{%- endif %}"
                    "{%- set ns = namespace(last_query=messages|length - 1, searching=true) %}"
                    "{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}"
                    "{%- if ns.searching and message.role == 'user' %}{%- set ns.searching = false %}{%- set ns.last_query = index %}{%- endif %}{%- endfor %}"
                    "{%- for message in messages %}{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}"
                    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
                    "{%- elif message.role == 'assistant' %}{%- set content = message.content %}{%- set thoughts = '' %}"
                    "{%- if '</think>' in content %}{%- set thoughts = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}"
                    "{%- set content = content.split('</think>')[-1].lstrip('\n') %}{%- endif %}"
                    "{{- '<|im_start|>assistant\n' }}{%- if loop.index0 > ns.last_query %}"
                    "{{- '<think>\n' + thoughts.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}{%- else %}{{- content }}{%- endif %}{{- '<|im_end|>\n' }}{%- endif %}{%- endfor %}"
                    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}",
        "thoughts": True,
    },
    "zephyr": {
        "eos": "</s>",
        "template": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n"
                    "{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n"
                    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n' }}GEN({{ message['content'] + eos_token }})GEN\n{% endif %}\n"
                    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
        "unmarked": True,
    },
    "tinyllama": {
        "eos": "</s>",
        "template": "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' }}{% if message['role'] == 'assistant' %}GEN({{ message['content'] + eos_token }})GEN{{ '\n' }}"
                    "{% else %}{{ message['content'] + eos_token + '\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
    },
    "gemma": {
        "bos": "<bos>", "eos": "<end_of_turn>",
        "template": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('There is no system role') }}{% endif %}"
                    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
                    "{{ raise_exception('Roles must take turns: user, assistant, user, assistant ...') }}{% endif %}"
                    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
                    "{{ '<start_of_turn>' + role + '\n' }}{% if role == 'model' %}GEN({{ message['content'] | trim + '<end_of_turn>' }})GEN{{ '\n' }}"
                    "{% else %}{{ message['content'] | trim + '<end_of_turn>\n' }}{% endif %}{% endfor %}"
                    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}",
        "no_system": True,
    },
    "phi3": {
        "eos": "<|end|>",
        "template": "{% for message in messages %}{% if message['role'] in ['system', 'user'] %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}"
                    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>\n' }}GEN({{ message['content'] + '<|end|>' }})GEN{{ '\n' }}{% endif %}{% endfor %}"
                    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
    },
    "deepseek": {
        "bos": "<｜begin▁of▁sentence｜>", "eos": "<｜end▁of▁sentence｜>",
        "template": "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(system='', first=true) %}"
                    "{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.first %}{% set ns.system = ns.system + message['content'] %}{% set ns.first = false %}"
                    "{%- else %}{% set ns.system = ns.system + '\n\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.system }}"
                    "{%- for message in messages %}{%- if message['role'] == 'user' %}{{ '<｜User｜>' + message['content'] }}{%- endif %}"
                    "{%- if message['role'] == 'assistant' %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}"
                    "{{ '<｜Assistant｜>' }}GEN({{ content + eos_token }})GEN{%- endif %}{%- endfor %}{% if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}",
    },
}
SPECIAL = ["<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "[INST]", "[/INST]",
           "<|user|>", "<|assistant|>", "<|system|>", "<bos>", "<start_of_turn>", "<end_of_turn>", "<|end|>", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>",
           "<｜User｜>", "<｜Assistant｜>"]


def turns(*contents, system=None):
    head = [] if system is None else [{"role": "system", "content": system}]
    return head + [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(contents)]


CASES = [
    ("question", turns("How do I true a wheel?"), True),
    ("exchange", turns("How do I true a wheel?", "Turn the spokes a quarter at a time.\nLook, then turn again."), False),
    ("system", turns("My chain slips.", "Measure its wear first.", system="You are the help desk of a workshop."), False),
    ("several", turns("I am Ada.", "Hello Ada!", "Who am I?", "You are Ada.", "Thanks", "With pleasure."), False),
    ("several, system", turns("One", "Two", "Three", "Four", system="Count."), False),
    ("space", turns("  Is there room?\n", "  There is.  "), False),
    ("unicode", turns("Grüße aus Köln 🚲 你好", "“Naïve” → 20 °C … ✓"), False),
    ("jinja in text", turns("{{ name }} {% if x %} </s>x", "{\"a\": [1, 2]} 'b' \\n"), False),
]
THOUGHTS = [("thoughts", turns("2+2?", "<think>\nTwo and two.\n</think>\n\n4", "And 3+3?", "<think>\nThree twice.\n</think>\n\n6"), False)]


def make_tokenizer():
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator([m["content"] for _, messages, _ in CASES + THOUGHTS for m in messages] * 3, trainer)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    return tokenizer


def marked(template, on):
    opening, closing = ("{% generation %}", "{% endgeneration %}") if on else ("", "")
    return template.replace("GEN(", opening).replace(")GEN", closing)


def spans(mask):
    """Positions of the ones, as [first, one past the last]."""
    found, start = [], None
    for i, bit in enumerate(mask + [0]):
        if bit and start is None:
            start = i
        if not bit and start is not None:
            found.append([start, i])
            start = None
    return found


def cases_of(style, tokenizer):
    written = []
    fixed_date = lambda template: template.replace("strftime_now('%d %b %Y')", repr(DATE))
    for name, messages, prompt in CASES + (THOUGHTS if "think" in style["template"] else []):
        plain, marks = fixed_date(marked(style["template"], False)), fixed_date(marked(style["template"], True))
        case = {"name": name, "messages": messages, "add_generation_prompt": prompt}
        try:
            text = tokenizer.apply_chat_template(messages, chat_template=plain, tokenize=False, add_generation_prompt=prompt)
        except Exception as error:
            written.append(case | {"error": str(error)})
            continue
        case |= {"text": text, "input_ids": tokenizer(text, add_special_tokens=False)["input_ids"]}
        if "GEN(" in style["template"] and not style.get("unmarked"):
            answer = tokenizer.apply_chat_template(messages, chat_template=marks, tokenize=True, return_dict=True, return_assistant_tokens_mask=True,
                                                   add_generation_prompt=prompt)
            assert answer["input_ids"] == case["input_ids"], name
            case["assistant_spans"] = spans(answer["assistant_masks"])
        written.append(case)
    return written


def main():
    raw = make_tokenizer()
    TARGET.mkdir(parents=True, exist_ok=True)
    (TARGET / "styles-tokenizer.json").write_text(json.dumps(json.loads(raw.to_str()), ensure_ascii=False) + "\n", "utf-8")
    styles = []
    for name, style in STYLES.items():
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=style.get("bos"), eos_token=style["eos"])
        styles.append({"name": name, "template": marked(style["template"], False), "bos_token": style.get("bos"), "eos_token": style["eos"],
                       "cases": cases_of(style, tokenizer)})
    lines = ",\n".join(json.dumps(style, ensure_ascii=False) for style in styles)
    (TARGET / "styles.json").write_text("[\n" + lines + "\n]\n", "utf-8")
    print(f"{len(styles)} styles, {sum(len(style['cases']) for style in styles)} cases, {sum('assistant_spans' in c for s in styles for c in s['cases'])} masks")


if __name__ == "__main__":
    main()
