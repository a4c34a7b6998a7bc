/** The colour of each of the compared runs, by its place. */
export const colourOf = (run: number) => `var(--series-${run + 1})`;
