import type { SearchSchemaInput } from '@tanstack/react-router';
import { type DatasetTab, TABS } from './tabs';

/** What the address says about a data set that is open. */
export interface DetailSearch {
  show?: DatasetTab | undefined;
  /** Fixes that are looked at, as in `drop_rejected,merge_turns`. */
  fix?: string | undefined;
  /** All conversations, not the samples only. */
  all?: true | undefined;
  /** Where the page of conversations begins. */
  from?: string | undefined;
  /** Text that is looked for in the conversations. */
  find?: string | undefined;
  /** Line of the conversation that is read. */
  line?: number | undefined;
  /** The example that is shown, from 1, and the base model that would read it. */
  example?: number | undefined;
  model?: string | undefined;
}

/** What closing a data set takes out of the address. */
export const CLOSED: { [K in keyof Required<DetailSearch>]: undefined } = {
  show: undefined,
  fix: undefined,
  all: undefined,
  from: undefined,
  find: undefined,
  line: undefined,
  example: undefined,
  model: undefined,
};

const isCount = (raw: unknown): raw is number => Number.isInteger(raw) && Number(raw) > 0;

export function parseDetailSearch(raw: { [K in keyof DetailSearch]?: unknown } & SearchSchemaInput): DetailSearch {
  const show = TABS.find((known) => known === raw.show);
  const find = typeof raw.find === 'string' || typeof raw.find === 'number' ? String(raw.find) : '';
  return {
    ...(show && { show }),
    // Which of them are known is for the dialog to say, whose code comes with it.
    ...(typeof raw.fix === 'string' && raw.fix && { fix: raw.fix }),
    ...(raw.all === true && { all: true }),
    // A cursor that is all digits arrives as a number.
    ...((typeof raw.from === 'string' || typeof raw.from === 'number') && { from: String(raw.from) }),
    ...(find && { find }),
    ...(isCount(raw.line) && { line: raw.line }),
    ...(isCount(raw.example) && { example: raw.example }),
    ...(typeof raw.model === 'string' && raw.model && { model: raw.model }),
  };
}
