import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { askFor, rawService } from './raw-service.js';

/** The client of the baseline, in the way grpc-js is usually used. */
export interface RawClient {
  echo(bytes: Buffer): Promise<Buffer>;
  copyIn(how: 'copyIn' | 'copyToFile', chunk: Buffer, count: number): Promise<void>;
  copyOut(bytes: number): Promise<void>;
  close(): void;
}

export function openRawClient(port: number, windowBytes: number): RawClient {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc-node.flow_control_window': windowBytes,
  });
  return {
    echo: (bytes) =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = rawService.echo;
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          bytes,
          settled(resolve, reject),
        );
      }),
    copyIn: async (how, chunk, count) => {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = rawService[how];
        const call = client.makeClientStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          settled(resolve, reject),
        );
        let left = count;
        const more = (): void => {
          let hasRoom = true;
          while (left > 0 && hasRoom) {
            left -= 1;
            hasRoom = call.write(chunk);
          }
          if (left > 0) call.once('drain', more);
          else call.end();
        };
        more();
      });
      assert.equal(answer.readDoubleBE(), chunk.length * count);
    },
    copyOut: async (bytes) => {
      const size = await new Promise<number>((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = rawService.copyOut;
        const request = askFor(bytes);
        let received = 0;
        client
          .makeServerStreamRequest(path, requestSerialize, responseDeserialize, request)
          .on('data', (chunk: Buffer) => {
            received += chunk.length;
          })
          .on('end', () => resolve(received))
          .on('error', reject);
      });
      assert.equal(size, bytes);
    },
    close: () => client.close(),
  };
}

function settled(
  resolve: (value: Buffer) => void,
  reject: (error: unknown) => void,
): (error: ServiceError | null, value?: Buffer) => void {
  return (error, value) => {
    if (value === undefined) reject(error);
    else resolve(value);
  };
}
