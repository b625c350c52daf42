import { isIPv6 } from 'node:net';

const groupCount = 8;
/** Whoever has one address of an IPv6 network usually has all of its /64. */
const networkGroups = 4;
/** As in `::ffff:10.0.0.1`: an IPv4 address as it comes to a port that takes both kinds. */
const mappedPrefix = [0, 0, 0, 0, 0, 0xff_ff];

/** What stands for the caller at this address: the address itself, or the network that it has. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%', 1);
  if (!isIPv6(plain)) return address;
  const groups = groupsOf(plain);
  if (mappedPrefix.every((group, at) => groups[at] === group)) {
    return groups
      .slice(mappedPrefix.length)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  }
  return groups
    .slice(0, networkGroups)
    .map((group) => group.toString(16))
    .join(':');
}

/** All of them, also those that `::` leaves out. */
function groupsOf(address: string): readonly number[] {
  const [before = [], after = []] = address.split('::').map(numbersOf);
  const leftOut = Array.from({ length: groupCount - before.length - after.length }, () => 0);
  return [...before, ...leftOut, ...after];
}

function numbersOf(part: string): readonly number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
