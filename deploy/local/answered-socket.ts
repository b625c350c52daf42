import { once } from 'node:events';
import { connect } from 'node:net';
import { relative } from 'node:path';
import { codeOf } from './start-failure.js';

/** There is none, nobody listens on it any more, or it is something else. */
const nobodyCodes: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'];

/**
 * Whether somebody listens on the socket in the file system. Whoever does may hang, and is there all the
 * same; nobody has the socket of a process that was killed, whatever else has its number by now.
 */
export async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(addressOf(path));
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return !nobodyCodes.includes(codeOf(error));
  } finally {
    socket.destroy();
  }
}

/** The system takes about a hundred bytes, so the shorter name of the two. */
export function addressOf(path: string): string {
  const fromHere = relative('.', path);
  return fromHere.length < path.length ? fromHere : path;
}
