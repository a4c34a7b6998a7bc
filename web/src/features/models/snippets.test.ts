import { expect, it } from 'vitest';
import type { Model } from '@/api/types';
import { slug, snippets } from './snippets';

const model = (baseModel: string, loraRank: number) =>
  ({
    name: 'Help desk, v2!',
    configuration: { baseModel, hyperparameters: { loraRank, maxSeqLength: 1024 } },
  }) as Model;
const codeOf = (of: Model, id: string) => snippets(of).find((snippet) => snippet.id === id)?.code ?? '';

it('makes names that shells take', () => {
  expect(slug('Help desk, v2!')).toBe('help-desk-v2');
  expect(slug('Überblick')).toBe('uberblick');
  expect(slug('…')).toBe('adapter');
});

it('uses the model’s own values', () => {
  const of = model('org/llama-8b', 20);
  expect(codeOf(of, 'peft')).toContain('from_pretrained("org/llama-8b")');
  expect(codeOf(of, 'peft')).toContain('PeftModel.from_pretrained(base, "./help-desk-v2")');
  expect(codeOf(of, 'vllm')).toContain('--max-lora-rank 32 --max-model-len 1024');
  expect(codeOf(of, 'ollama')).toContain('FROM ./llama-8b\nADAPTER ./help-desk-v2');
});

it('names a folder where the base model is on no hub', () => {
  expect(codeOf(model('brightrun/tiny-chat', 8), 'vllm')).toContain('vllm serve ./tiny-chat');
});
