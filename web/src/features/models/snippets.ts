import type { Model } from '@/api/types';

export interface Snippet {
  id: 'peft' | 'vllm' | 'ollama';
  title: string;
  /** What has to be there before. */
  before: string;
  code: string;
}

/** Ranks that vLLM can be told, the least that holds the adapter is taken. */
const VLLM_RANKS = [8, 16, 32, 64, 128, 256, 320, 512];

/** A name that shells, servers and folders take: `Help desk, v2!` → `help-desk-v2`. */
export function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain || 'adapter';
}

/** Base models that come with BrightRun are not on any hub: their folder has to be named. */
function baseOf(model: Model): string {
  const { baseModel } = model.configuration;
  return baseModel.startsWith('brightrun/') ? `./${baseModel.slice('brightrun/'.length)}` : baseModel;
}

/** How this adapter is used elsewhere, with its own names and figures. */
export function snippets(model: Model): Snippet[] {
  const name = slug(model.name);
  const base = baseOf(model);
  const { loraRank, maxSeqLength } = model.configuration.hyperparameters;
  const rank = VLLM_RANKS.find((known) => known >= loraRank) ?? loraRank;
  const folder = `All files of this model, unpacked into ./${name}`;
  return [
    {
      id: 'peft',
      title: 'PEFT',
      before: `${folder}; pip install peft transformers torch`,
      code: `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = AutoModelForCausalLM.from_pretrained("${base}")
model = PeftModel.from_pretrained(base, "./${name}")
tokenizer = AutoTokenizer.from_pretrained("./${name}")

chat = [{"role": "user", "content": "Hello"}]
inputs = tokenizer.apply_chat_template(
    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
answer = model.generate(**inputs, max_new_tokens=200)
print(tokenizer.decode(answer[0][inputs["input_ids"].shape[1]:], skip_special_tokens=True))`,
    },
    {
      id: 'vllm',
      title: 'vLLM',
      before: `${folder}; pip install vllm`,
      code: `vllm serve ${base} \\
  --enable-lora --max-lora-rank ${rank} --max-model-len ${maxSeqLength} \\
  --lora-modules ${name}=./${name}

curl http://localhost:8000/v1/chat/completions \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "${name}", "messages": [{"role": "user", "content": "Hello"}]}'`,
    },
    {
      id: 'ollama',
      title: 'Ollama',
      before: `${folder}, and the base model's files beside it: Ollama reads both from folders`,
      code: `cat > Modelfile <<'END'
FROM ./${base.split('/').at(-1)}
ADAPTER ./${name}
PARAMETER num_ctx ${maxSeqLength}
END
ollama create ${name} -f Modelfile
ollama run ${name} "Hello"`,
    },
  ];
}
