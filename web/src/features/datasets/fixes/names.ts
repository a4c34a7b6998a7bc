import type { DatasetFix, FindingGroup } from '@/api/types';

/** What each fix is called, and what it does. */
export const FIXES: Record<DatasetFix, { label: string; about: string }> = {
  drop_rejected: { label: 'Leave out rejected records', about: 'Records that cannot be used are not taken over' },
  drop_duplicates: { label: 'Leave out repetitions', about: 'Examples that repeat an earlier one word for word go' },
  drop_near_duplicates: {
    label: 'Leave out near repetitions',
    about: 'Of examples that are nearly the same, one stays',
  },
  drop_truncated: { label: 'Leave out cut-off answers', about: 'Examples whose answer ends in the middle go' },
  drop_low_quality: { label: 'Leave out low quality', about: 'Examples with a quality score below 3.0 go' },
  drop_empty_messages: { label: 'Leave out blank messages', about: 'Examples that have a blank message go' },
  drop_split_overlap: {
    label: 'Leave out what is on both sides of the split',
    about: 'What was trained on must not come up in validation',
  },
  drop_over_long: { label: 'Leave out what is too long', about: 'Examples longer than the base model reads go' },
  split_over_long: { label: 'Cut what is too long', about: 'Long conversations become several that fit' },
  merge_turns: { label: 'Join turns', about: 'Messages of one role that follow each other become one' },
  repair_encoding: { label: 'Repair the encoding', about: 'Wrongly read letters and control characters are put right' },
  mask_personal_data: {
    label: 'Mask personal data',
    about: 'Addresses, phone and card numbers give way to placeholders',
  },
  mask_secrets: { label: 'Mask secrets', about: 'Keys and tokens give way to a placeholder' },
  correct_totals: { label: 'Correct the totals', about: 'The numbers that the file declares become those it has' },
};

const KEYS = Object.keys(FIXES) as DatasetFix[];

export const fixLabel = (fix: DatasetFix): string => FIXES[fix]?.label ?? fix;

/** Every fix that some finding offers, in the order in which they are listed above. */
export function offered(groups: Pick<FindingGroup, 'fixes'>[]): DatasetFix[] {
  const named = new Set(groups.flatMap((group) => group.fixes));
  return KEYS.filter((fix) => named.has(fix));
}

/** For each finding the best fix that it offers. */
export function best(groups: Pick<FindingGroup, 'fixes'>[]): DatasetFix[] {
  const named = new Set(groups.flatMap((group) => group.fixes.slice(0, 1)));
  return KEYS.filter((fix) => named.has(fix));
}

/** The fixes that an address names, as in `drop_rejected,merge_turns`; what is unknown is dropped. */
export function fixesOf(text: unknown): DatasetFix[] | undefined {
  if (typeof text !== 'string') return undefined;
  const named = text.split(',');
  const known = KEYS.filter((fix) => named.includes(fix));
  return known.length > 0 ? known : undefined;
}
