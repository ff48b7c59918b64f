/** Text as the collector accepts it: limited, without control characters. */

export const ID_CHARS_MAX = 128;
export const TEXT_CHARS_MAX = 256;
export const PATH_CHARS_MAX = 1024;

const PLAIN = /^[\x20-\x7e]*$/;
/** Control characters, and halves of surrogate pairs. */
const REFUSED = /[\p{Cc}\p{Cs}]/gu;

/** Cuts at `limit` and drops what the collector would refuse the whole event for. */
export function clean(text: string, limit: number): string {
  const cut = text.length > limit ? text.slice(0, limit) : text;
  return PLAIN.test(cut) ? cut : cut.replace(REFUSED, "");
}
