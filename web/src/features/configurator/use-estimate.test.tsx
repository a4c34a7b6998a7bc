import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EstimateRequest } from '@/api/types';
import { useEstimate } from './use-estimate';

const asked: EstimateRequest[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const request: EstimateRequest = await (input as Request).json();
    asked.push(request);
    // The estimate tells which configuration it belongs to.
    return Response.json({ success: true, data: { totalSteps: request.hyperparameters?.loraRank } });
  });
});
afterEach(() => vi.useRealTimers());

const rank = (loraRank: number): EstimateRequest => ({ datasetId: 'd', hyperparameters: { loraRank } });

function start() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  return renderHook(({ request, valid }) => useEstimate(request, valid), {
    wrapper,
    initialProps: { request: rank(16), valid: true },
  });
}

/** Lets the settings rest, and then the answer arrive. */
async function rest() {
  await act(() => vi.advanceTimersByTimeAsync(500));
  await act(() => vi.advanceTimersByTimeAsync(50));
}

it('asks once the settings rest, and never shows the estimate of earlier ones', async () => {
  const { result, rerender } = start();
  await rest();
  expect(result.current.estimate?.totalSteps).toBe(16);

  for (const loraRank of [20, 24, 28]) {
    rerender({ request: rank(loraRank), valid: true });
    expect(result.current.estimate).toBeUndefined();
    await act(() => vi.advanceTimersByTimeAsync(100));
  }
  await rest();
  expect(result.current.estimate?.totalSteps).toBe(28);
  expect(asked.map(({ hyperparameters }) => hyperparameters?.loraRank)).toEqual([16, 28]);
});

it('does not ask for what is out of range', async () => {
  const { result, rerender } = start();
  await rest();
  rerender({ request: rank(0), valid: false });
  await rest();
  expect(result.current.estimate).toBeUndefined();
  expect(asked).toHaveLength(1);
});
