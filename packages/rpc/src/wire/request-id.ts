const visibleAscii = /^[\u0021-\u007e]{1,64}$/;

/** Whether a caller's name for its call or operation may be passed on, and be put into a log. */
export function isRequestId(text: string): boolean {
  return visibleAscii.test(text);
}
