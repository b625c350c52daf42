import assert from 'node:assert/strict';
import { object } from '@holdfast/contracts';
import { rawMethod, rawRequests, rawResponses } from '@holdfast/rpc';

const { getObject } = object.ObjectServiceService;

describe('a raw method', () => {
  const bytes = Buffer.from('any bytes');

  it('hands on the very bytes in the direction it is raw in', () => {
    const requests = rawRequests(getObject);
    assert.equal(requests.requestSerialize(bytes), bytes);
    assert.equal(requests.requestDeserialize(bytes), bytes);
    assert.equal(requests.responseSerialize, getObject.responseSerialize);
    const responses = rawResponses(getObject);
    assert.equal(responses.responseSerialize(bytes), bytes);
    assert.equal(responses.responseDeserialize(bytes), bytes);
    assert.equal(responses.requestSerialize, getObject.requestSerialize);
    const both = rawMethod(getObject);
    assert.equal(both.requestDeserialize(bytes), bytes);
    assert.equal(both.responseSerialize(bytes), bytes);
  });

  it('stays the same method', () => {
    const { path, requestStream, responseStream } = rawMethod(getObject);
    assert.deepEqual(
      { path, requestStream, responseStream },
      {
        path: '/holdfast.object.v1.ObjectService/GetObject',
        requestStream: false,
        responseStream: true,
      },
    );
  });
});
