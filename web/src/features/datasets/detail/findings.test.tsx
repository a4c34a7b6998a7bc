import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it } from 'vitest';
import type { FindingGroup } from '@/api/types';
import { Findings } from './findings';

const groups: FindingGroup[] = [
  {
    code: 'few_pairs',
    severity: 'warning',
    title: 'Fewer than 500 pairs',
    meaning: 'Small files teach little.',
    fixes: [],
    count: 1,
    findings: [{ code: 'few_pairs', severity: 'warning', message: 'Only 44 pairs.', fix: 'Add more.' }],
  },
  {
    code: 'invalid_json',
    severity: 'error',
    title: 'Invalid JSON',
    meaning: 'The JSON has a fault.',
    fixes: ['drop_rejected'],
    count: 1200,
    findings: [
      {
        code: 'invalid_json',
        severity: 'error',
        line: 1027,
        column: 34,
        pointer: '/id',
        message: 'The text ends early.',
        fix: 'Close the quote.',
      },
      { code: 'invalid_json', severity: 'error', line: 1030, message: 'And again.', fix: '' },
    ],
  },
];

it('shows errors first, with the place and what to do', async () => {
  const user = userEvent.setup();
  render(<Findings groups={groups} />);
  const section = screen.getByRole('region', { name: 'Findings' });
  expect(section.textContent?.indexOf('Error: Invalid JSON')).toBeLessThan(
    section.textContent?.indexOf('Warning: Fewer than 500 pairs') ?? 0,
  );
  expect(within(section).getByText(/line 1,027, column 34/)).toBeInTheDocument();
  expect(within(section).getByText('Close the quote.')).toBeInTheDocument();
  expect(within(section).getByText('1,200 times')).toBeInTheDocument();
  expect(within(section).queryByText('And again.')).not.toBeInTheDocument();

  await user.click(within(section).getByRole('button', { name: 'Show 1 more' }));
  expect(within(section).getByText('And again.')).toBeInTheDocument();
  expect(within(section).getByText('The first 2 of 1,200 are kept.')).toBeInTheDocument();
});

it('is nothing where nothing was found', () => {
  const { container } = render(<Findings groups={[]} />);
  expect(container).toBeEmptyDOMElement();
});

it('offers what mends it', async () => {
  const asked: string[] = [];
  render(<Findings groups={groups} onFix={(fix) => asked.push(fix)} />);
  await userEvent.setup().click(screen.getByRole('button', { name: 'Leave out rejected records' }));
  expect(asked).toEqual(['drop_rejected']);
});
