/** Names of groups, in the order in which they get colours; tested for contrast and for colour blindness. */
export const SERIES = 8;

/** The colour of the group at `index`; what comes after the last one shares the rest's. */
export function seriesColour(index: number): string {
  return index < SERIES ? `var(--series-${index + 1})` : REST_COLOUR;
}

export const REST_COLOUR = "var(--series-rest)";
