import { bigtableEmulator } from './bigtable-emulator.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** The way of one store to the emulator, which a test can disturb and watch. */
export interface BigtableProxy extends TcpProxy {
  readonly emulatorHost: string;
  /** How many calls were sent so far, whether or not they arrived, and whoever repeated them. */
  calls(): number;
}

export async function startBigtableProxy(): Promise<BigtableProxy> {
  const emulator = await bigtableEmulator();
  const colon = emulator.lastIndexOf(':');
  let calls = 0;
  const proxy = await startTcpProxy({
    host: emulator.slice(0, colon),
    port: Number(emulator.slice(colon + 1)),
    watch: () =>
      createFrameReader((type) => {
        if (type === headersFrame) calls += 1;
      }),
  });
  return { ...proxy, emulatorHost: `127.0.0.1:${proxy.port}`, calls: () => calls };
}

// A connection of HTTP/2 begins with so many bytes; frames follow. Each call begins with one HEADERS.
const prefaceBytes = 24;
const frameHeaderBytes = 9;
const headersFrame = 1;

/** Tells the types of the frames that a client sends. */
function createFrameReader(onFrame: (type: number) => void): (data: Buffer) => void {
  let skipBytes = prefaceBytes;
  let held = Buffer.alloc(0);

  return (data) => {
    held = Buffer.concat([held, data]);
    for (;;) {
      const skipped = Math.min(skipBytes, held.length);
      skipBytes -= skipped;
      held = held.subarray(skipped);
      if (skipBytes > 0 || held.length < frameHeaderBytes) return;
      onFrame(held.readUInt8(3));
      skipBytes = frameHeaderBytes + held.readUIntBE(0, 3);
    }
  };
}
