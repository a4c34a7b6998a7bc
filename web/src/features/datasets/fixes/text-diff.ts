/** A piece of a text: the same on both sides, or on one only. */
export interface Piece {
  text: string;
  kind: 'same' | 'removed' | 'added';
}

/** Words that are compared with each other at most; longer stretches count as replaced. */
const MOST = 400;

/** The pieces of two texts: common beginning and end, and between them the words that went and came. */
export function diff(before: string, after: string): Piece[] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const pieces: Piece[] = [];
  const add = (text: string, kind: Piece['kind']) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else if (text) pieces.push({ text, kind });
  };
  add(a.slice(0, start).join(''), 'same');
  for (const { text, kind } of middle) add(text, kind);
  add(end > 0 ? a.slice(a.length - end).join('') : '', 'same');
  return pieces;
}

const wordsOf = (text: string): string[] => text.split(/(?<=\s)(?=\S)/);

/** By the longest common subsequence of words. */
function between(a: string[], b: string[]): Piece[] {
  if (a.length > MOST || b.length > MOST) {
    return [
      { text: a.join(''), kind: 'removed' },
      { text: b.join(''), kind: 'added' },
    ];
  }
  const width = b.length + 1;
  // common[i * width + j]: the length of the longest that the words from i and from j have in common.
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ text: a[i] ?? '', kind: 'same' });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      pieces.push({ text: a[i] ?? '', kind: 'removed' });
      i++;
    } else {
      pieces.push({ text: b[j] ?? '', kind: 'added' });
      j++;
    }
  }
  return pieces;
}
