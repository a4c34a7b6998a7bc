import { expect, it } from 'vitest';
import { MODELS, modelsRequest, parseModelsSearch } from './search';

it('reads what it knows of an address and drops the rest', () => {
  expect(parseModelsSearch({} as never)).toEqual(MODELS);
  expect(parseModelsSearch({ show: 'archived', page: 2 } as never)).toEqual({ show: 'archived', page: 2 });
  expect(parseModelsSearch({ show: 'lost', page: 'x' } as never)).toEqual(MODELS);
});

it('asks for what is shown', () => {
  expect(modelsRequest(MODELS)).toEqual({ page: 1, pageSize: 24 });
  expect(modelsRequest({ show: 'stored', page: 1 })).toMatchObject({ status: 'stored' });
  expect(modelsRequest({ show: 'deleted', page: 3 })).toEqual({ page: 3, pageSize: 24, deleted: true });
});
