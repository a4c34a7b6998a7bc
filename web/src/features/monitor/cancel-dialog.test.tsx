import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import type { JobDetail } from '@/api/types';
import CancelDialog from './cancel-dialog';

const job = {
  id: 'j',
  status: 'running',
  progress: 42.9,
  currentStep: 850,
  totalSteps: 2000,
  currentEpoch: 2,
  totalEpochs: 3,
  currentCost: 22.18,
  estimatedCostRange: { min: 45, max: 55 },
  currentMetrics: { learningRate: 1e-4, trainingLoss: 0.342 },
  startedAt: '2026-11-23T12:00:00Z',
} as JobDetail;

it('asks for a reason before it cancels', async () => {
  const sent: unknown[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    sent.push([(input as Request).url, await (input as Request).json()]);
    return Response.json({ success: true, data: { jobId: 'j', status: 'cancelled', finalCost: 22.18, message: '' } });
  });
  const onClose = vi.fn();
  const user = userEvent.setup();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <CancelDialog job={job} onClose={onClose} />
    </QueryClientProvider>,
  );
  expect(screen.getByText('42% Complete')).toBeInTheDocument();
  expect(screen.getByText('Step 850 of 2,000')).toBeInTheDocument();
  expect(screen.getByText('0.3420')).toBeInTheDocument();

  const confirm = screen.getByRole('button', { name: 'Confirm Cancellation' });
  expect(confirm).toBeDisabled();
  await user.click(screen.getByRole('radio', { name: 'Poor training performance/metrics' }));
  await user.click(confirm);
  await vi.waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(sent).toEqual([[expect.stringContaining('/api/jobs/j/cancel'), { reason: 'poor_performance' }]]);
});
