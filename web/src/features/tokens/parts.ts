import type { TokenPart, TokenView } from '@/api/examples';
import { plural } from '@/lib/format';

/** What becomes of a token: each has a colour and, for who does not see colours, a mark of its own. */
export const PARTS: Record<TokenPart, { label: string; about: string; look: string }> = {
  trained: {
    label: 'Trained',
    about: 'underlined: the model learns to say it',
    look: 'bg-green-100 text-green-900 underline decoration-2 underline-offset-2',
  },
  context: { label: 'Context', about: 'plain: read, not learned', look: '' },
  padding: {
    label: 'Padding',
    about: 'dashed: fills up its batch',
    look: 'rounded border border-dashed border-muted-foreground bg-muted px-1 text-muted-foreground',
  },
  cut: {
    label: 'Cut',
    about: 'struck through: beyond the sequence length, or left out with its example',
    look: 'bg-red-100 text-red-900 line-through decoration-2',
  },
};

export const ORDER = ['trained', 'context', 'padding', 'cut'] as const satisfies TokenPart[];

/** What has to be known about an example, a sentence each. */
export function remarks(view: TokenView): string[] {
  const { refused, dropped, overlong, cutAnswerTokens, openAnswers, templateRewritesTurns, maxSeqLength } = view;
  const notes = [
    refused && `The chat template of the base model refuses it: ${refused}`,
    dropped && 'It is left out of the training, for its length.',
    overlong && !dropped && `It is longer than ${plural(maxSeqLength, 'token')} and is cut there.`,
    cutAnswerTokens > 0 && `${plural(cutAnswerTokens, 'token')} of answers are cut off.`,
    openAnswers > 0 &&
      `${plural(openAnswers, 'answer')} end without an end-of-turn token, so their end is not learned.`,
    templateRewritesTurns && 'The chat template prints earlier turns differently once more turns follow.',
  ];
  return notes.filter((note) => typeof note === 'string' && note !== '') as string[];
}
