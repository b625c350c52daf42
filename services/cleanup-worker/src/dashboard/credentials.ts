import { isLoopback, StartupError, type Secret } from '@holdfast/service-kit';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Who may open the page. */
export interface Credentials {
  readonly username: string;
  readonly password: Secret;
}

export interface CredentialOptions {
  /** Where the HTTP port listens. */
  readonly host: string;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
}

/**
 * What callers have to know; `undefined` when being on this machine is enough. Whoever opens the page
 * sees names of objects, so nobody on another machine gets there without: it is a `StartupError`.
 */
export function requiredCredentials(options: CredentialOptions): Credentials | undefined {
  const { host, username, password } = options;
  if (username !== undefined && password !== undefined) return { username, password };
  if (username !== undefined) throw new StartupError('dashboard.username needs dashboard.password');
  if (password !== undefined) throw new StartupError('dashboard.password needs dashboard.username');
  if (isLoopback(host)) return undefined;
  throw new StartupError(
    `others can reach the queue dashboard on ${host}: set dashboard.username and ` +
      'dashboard.password, or dashboard.enabled to false, or http.host to 127.0.0.1',
  );
}

const basicScheme = /^basic +(?<token>[a-z0-9+/]+=*)$/i;

/**
 * The name of the caller if the `Authorization` header proves it. It takes equally long for any two
 * headers of the same length, wherever they differ from what is right.
 */
export function createProof(
  expected: Credentials,
): (header: string | undefined) => string | undefined {
  const key = randomBytes(32);
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const right = digest(`${expected.username}:${expected.password.reveal()}`);
  return (header) => {
    const token = basicScheme.exec(header ?? '')?.groups?.['token'] ?? '';
    const given = digest(Buffer.from(token, 'base64').toString('utf8'));
    return timingSafeEqual(given, right) ? expected.username : undefined;
  };
}
