/**
 * At most so many UTF-16 units of `text`, on one line and fit for any transport and terminal: a
 * peer may have put anything into it, and the cut may part a pair.
 */
export function cutText(text: string, charactersMax: number): string {
  const short = text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text;
  return short.replaceAll(/\p{Cc}+/gu, ' ').toWellFormed();
}
