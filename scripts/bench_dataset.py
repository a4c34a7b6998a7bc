"""Loads a v4 JSONL file with Hugging Face datasets and formats it as TRL's SFT trainer takes it: a list of chat messages per row, rendered
with a ChatML template as text. No tokens are counted and nothing is validated. Prints MB/s and peak memory."""

import os
import resource
import sys
import time

from datasets import disable_progress_bars, load_dataset


def messages(row):
    history = [{"role": turn["role"], "content": turn["content"]} for turn in row["conversation_history"]]
    if not history or history[-1]["content"] != row["current_user_input"]:
        history.append({"role": "user", "content": row["current_user_input"]})
    chat = [{"role": "system", "content": row["system_prompt"]}, *history, {"role": "assistant", "content": row["target_response"]}]
    return {"text": "".join(f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in chat)}


def main():
    path = sys.argv[1]
    disable_progress_bars()
    start = time.perf_counter()
    rows = load_dataset("json", data_files=path, split="train")
    loaded = time.perf_counter()
    rows = rows.map(messages, remove_columns=rows.column_names)
    done = time.perf_counter()
    megabytes = os.path.getsize(path) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{megabytes:.1f} MB in {done - start:.2f} s ({loaded - start:.2f} s to load, {done - loaded:.2f} s to format), "
        f"{megabytes / (done - start):.0f} MB/s, peak memory {peak} kB, {len(rows)} rows"
    )


if __name__ == "__main__":
    main()
