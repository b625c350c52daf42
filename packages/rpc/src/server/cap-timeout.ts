import type { IncomingHttpHeaders } from 'node:http2';

const timeoutHeader = 'grpc-timeout';
const longUnits = /^(\d{1,8})([HMS])$/;
const secondsOf: Readonly<Record<string, number>> = { H: 3_600, M: 60, S: 1 };

/** The longest that a timer of Node.js can wait is 24.8 days. */
const hoursMax = 596;

/**
 * Makes the longest deadlines of callers, years say, one of 24 days. grpc-js reads a deadline of
 * more milliseconds than fit into 31 bits as any other, also as one that has passed.
 */
export function capTimeout(headers: IncomingHttpHeaders): void {
  const timeout = headers[timeoutHeader];
  const [, digits, unit] = typeof timeout === 'string' ? (longUnits.exec(timeout) ?? []) : [];
  if (digits === undefined || unit === undefined) return;
  const seconds = Number(digits) * (secondsOf[unit] ?? 1);
  if (seconds > hoursMax * 3_600) Object.assign(headers, { [timeoutHeader]: `${hoursMax}H` });
}
