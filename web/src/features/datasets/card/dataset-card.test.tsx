import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from '@tanstack/react-router';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import type { Dataset } from '@/api/types';
import { DatasetCard } from './dataset-card';

const dataset = {
  id: '01a2-id',
  name: 'Financial Planning',
  status: 'ready',
  format: 'brightrun-lora-v4',
  trainingReady: true,
  readinessIssues: [] as string[],
  totalConversations: 242,
  totalTrainingPairs: 1000,
  qualityScore: 4.2,
  fileSize: 4_567_890,
  humanReviewedPercent: 0,
  vertical: 'financial_planning_consultant',
  consultantName: 'Elena Morales',
  consultantTitle: 'CFP',
  createdAt: '2024-12-10T12:00:00Z',
  scaffolding: [
    { persona: 'anxious_planner', personaName: 'Anxious Planner', arc: 'fear_to_confidence', pairs: 750 },
    { persona: 'pragmatic_optimist', personaName: 'Pragmatic Optimist', arc: 'fear_to_confidence', pairs: 250 },
  ],
} as Dataset;

/** The card in a page of its own, with the router that its links need. */
async function show(over: Partial<Dataset> = {}) {
  const root = createRootRoute({ component: Outlet });
  const page = (path: string, component: () => React.ReactNode) =>
    createRoute({ getParentRoute: () => root, path, component });
  const router = createRouter({
    routeTree: root.addChildren([
      page('/', () => <DatasetCard dataset={{ ...dataset, ...over }} />),
      page('/datasets/$id', () => 'the details'),
      page('/training/configure', () => 'the configurator'),
    ]),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(<RouterProvider router={router as never} />);
  return { router, card: within(await screen.findByRole('article', { name: dataset.name })) };
}

const figure = (card: ReturnType<typeof within>, label: string) =>
  card.getByText(label).closest('div')?.querySelector('dd')?.textContent;

it('shows the name and its 1,000 training pairs', async () => {
  const { card } = await show();
  expect(card.getByRole('heading', { name: 'Financial Planning' })).toBeInTheDocument();
  expect(figure(card, 'Training Pairs')).toBe('1,000');
  expect(figure(card, 'Conversations')).toBe('242');
  expect(figure(card, 'Quality')).toBe('4.2/5.0');
  expect(card.getByText('v4')).toBeInTheDocument();
  expect(card.getByText('financial planning consultant')).toBeInTheDocument();
  expect(card.getByText('Elena Morales, CFP')).toBeInTheDocument();
  expect(card.getByText('Ready for Training')).toBeInTheDocument();
  expect(card.getByText('4.4 MB • 0% human reviewed')).toBeInTheDocument();
  expect(card.getByRole('img', { name: /Anxious Planner: 750 pairs \(75\.0%\)/ })).toBeInTheDocument();
});

it('starts the training of this very data set', async () => {
  vi.spyOn(window, 'scrollTo').mockImplementation(() => undefined);
  const { router, card } = await show();
  await userEvent.setup().click(card.getByRole('link', { name: 'Start Training' }));
  await vi.waitFor(() => expect(router.state.location.pathname).toBe('/training/configure'));
  expect(router.state.location.search).toEqual({ dataset_id: '01a2-id' });
});

it.each([
  ['uploading', { status: 'uploading' }, 'Waiting for its file'],
  ['validating', { status: 'validating', validationProgress: 42 }, 'Validating... 42%'],
  ['of use with a warning', { readinessIssues: ['The file has 44 pairs.'] }, 'Review Recommended'],
  ['broken', { status: 'error', errorMessage: 'It is no JSON.' }, 'Cannot Be Used'],
] as const)('says when it is %s', async (_, over, label) => {
  const trainingReady = 'readinessIssues' in over;
  const { card } = await show({ ...over, trainingReady } as Partial<Dataset>);
  const strip = card.getByText((_text, element) => element?.tagName === 'P' && element.textContent?.trim() === label);
  expect(strip).toBeInTheDocument();
  if (trainingReady) expect(card.getByRole('link', { name: 'Start Training' })).toBeInTheDocument();
  else expect(card.getByRole('button', { name: 'Start Training' })).toBeDisabled();
});
