import type { object } from '@holdfast/contracts';
import assert from 'node:assert/strict';

/** Single calls, as somebody makes them who has grpc-js and the contract. */
export function plainGet(
  client: object.ObjectServiceClient,
  objectId: object.ObjectId,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let size = 0;
    client
      .getObject({ objectId, range: undefined, ifRevision: undefined })
      .on('data', ({ message }: object.GetObjectResponse) => {
        if (message?.$case === 'chunk') size += message.value.length;
      })
      .on('end', () => resolve(size))
      .on('error', reject);
  });
}

export function plainPut(
  client: object.ObjectServiceClient,
  objectId: object.ObjectId,
  payload: Uint8Array,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = client.putObject((error, stored) => {
      if (stored === undefined) return reject(error);
      assert.equal(stored.size, BigInt(payload.length));
      resolve();
    });
    const header = { objectId, metadata: undefined, condition: undefined };
    const finish = { size: BigInt(payload.length), crc32c: undefined };
    call.write({ message: { $case: 'header', value: header } });
    call.write({ message: { $case: 'chunk', value: payload } });
    call.write({ message: { $case: 'finish', value: finish } });
    call.end();
  });
}
