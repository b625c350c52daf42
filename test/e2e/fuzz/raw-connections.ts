import { connect } from 'node:net';
import type { SeededRandom } from './seeded-random.js';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const emptySettings = frame(0x4, 0, 0, Buffer.alloc(0));
const framesMax = 30;
const garbageBytesMax = 2_000;
const openMsMax = 300;

/** Opens a connection, sends what is not gRPC and may not be HTTP/2, and lets go of it. */
export async function sendGarbage(address: string, random: SeededRandom): Promise<void> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  // Whoever is sent garbage may hang up at any time.
  socket.on('error', () => undefined);
  socket.resume();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed]);
  for (const piece of garbage(random)) if (socket.writable) socket.write(piece);
  if (random.chance(0.5)) socket.end();
  const patience = setTimeout(() => socket.destroy(), openMsMax);
  await closed;
  clearTimeout(patience);
}

function garbage(random: SeededRandom): readonly Buffer[] {
  switch (random.below(4)) {
    case 0:
      return [random.bytes(1 + random.below(garbageBytesMax))];
    case 1:
      return [Buffer.from('GET / HTTP/1.1\r\nhost: holdfast\r\n\r\n')];
    case 2:
      return [preface.subarray(0, random.below(preface.length)), random.bytes(50)];
    default:
      return [preface, emptySettings, ...randomFrames(random)];
  }
}

function randomFrames(random: SeededRandom): Buffer[] {
  return Array.from({ length: 1 + random.below(framesMax) }, () => {
    const type = random.chance(0.9) ? random.below(10) : random.below(256);
    const stream = random.chance(0.7) ? random.below(10) : random.below(2 ** 31);
    const payload = random.bytes(random.below(64));
    const whole = frame(type, random.below(256), stream, payload);
    // A length that lies.
    if (random.chance(0.1)) whole.writeUIntBE(random.below(2 ** 24), 0, 3);
    return whole;
  });
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
