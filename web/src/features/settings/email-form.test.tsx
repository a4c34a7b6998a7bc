import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import EmailForm from './email-form';

it('asks for address and password, says what the server refuses, and is done', async () => {
  const sent: unknown[] = [];
  const refused = { success: false, error: { code: 'WRONG_PASSWORD', message: 'Wrong.', field: 'currentPassword' } };
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    sent.push(await (input as Request).json());
    if (sent.length === 1) return Response.json(refused, { status: 403 });
    return Response.json({ success: true, data: { user: { id: 'u' }, pendingEmail: 'new@example.org' } });
  });
  const onDone = vi.fn();
  const user = userEvent.setup();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <EmailForm onDone={onDone} />
    </QueryClientProvider>,
  );
  const submit = screen.getByRole('button', { name: 'Change Email' });
  await user.click(submit);
  expect(await screen.findByText('Enter your e-mail address.')).toBeInTheDocument();
  await user.type(screen.getByLabelText('New email'), ' new@example.org ');
  await user.type(screen.getByLabelText('Your password'), 'not it');
  await user.click(submit);
  expect(await screen.findByText('Wrong.')).toBeInTheDocument();
  expect(onDone).not.toHaveBeenCalled();
  await user.click(submit);
  await vi.waitFor(() => expect(onDone).toHaveBeenCalled());
  expect(sent[1]).toEqual({ email: 'new@example.org', currentPassword: 'not it' });
});
