import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import type { DatasetDetail } from '@/api/types';
import { FoundConversations } from './found-conversations';

vi.mock('./conversation-row', () => ({
  ConversationRow: ({ conversation }: { conversation: { conversationId: string } }) => (
    <li>{conversation.conversationId}</li>
  ),
}));

it('reads on by itself while the parts of the file hold nothing', async () => {
  const asked: (string | null)[] = [];
  const pages: Record<string, object> = {
    '': { conversations: [], next: 'a' },
    a: { conversations: [{ line: 7, conversationId: 'seven' }], next: 'b' },
  };
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const { searchParams } = new URL((input as Request).url);
    expect(searchParams.get('search')).toBe('wheel');
    const cursor = searchParams.get('cursor');
    asked.push(cursor);
    const { conversations, next } = pages[cursor ?? ''] as { conversations: object[]; next: string };
    return Response.json({ success: true, data: { conversations, rejectedRecords: 0 }, meta: { cursor: { next } } });
  });
  const dataset = { id: 'd', scaffolding: [] } as unknown as DatasetDetail;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <FoundConversations dataset={dataset} text=" wheel " />
    </QueryClientProvider>,
  );
  expect(await screen.findByText('seven')).toBeInTheDocument();
  expect(asked).toEqual([null, 'a']);
  expect(await screen.findByRole('button', { name: 'Search On' })).toBeInTheDocument();
});
