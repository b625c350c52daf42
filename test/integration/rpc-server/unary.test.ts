import * as grpc from '@grpc/grpc-js';
import { fromServiceError, invalidField, unary } from '@holdfast/rpc';
import type { CallContext, RpcMethod } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { callHead, head } from './byte-methods.js';
import { codeOf, createGate, failureOf, reasonOf } from './waiting.js';
import { startTestServer, type TestServer } from './test-server.js';

const hello = Buffer.from('hello');

describe('a unary call to the rpc server', () => {
  let test: TestServer;
  afterEach(() => test.close());

  async function serve(
    handler: (request: Buffer, context: CallContext) => Promise<Buffer>,
    limits = {},
  ): Promise<grpc.Client> {
    const method: RpcMethod = unary(head, handler);
    test = await startTestServer([method], limits);
    return test.client();
  }

  it('is answered with what its handler returns', async () => {
    const client = await serve((request) => Promise.resolve(Buffer.concat([request, hello])));
    const { response } = await callHead(client, Buffer.from('oh, '));
    assert.equal(response.toString(), 'oh, hello');
    const { method, kind, ends, peer } = await test.ended();
    assert.equal(method, 'holdfast.object.v1.ObjectService/HeadObject');
    assert.equal(kind, 'unary');
    assert.match(peer, /^127\.0\.0\.1:\d+$/);
    assert.deepEqual(ends, [{ code: grpc.status.OK, error: undefined }]);
    assert.equal(test.server.inFlight(), 0);
  });

  it('is known by the request id of its caller, in the handler, to the observer and in the answer', async () => {
    let seen = '';
    const client = await serve((request, { requestId }) => {
      seen = requestId;
      return Promise.resolve(request);
    });
    const sent = new grpc.Metadata();
    sent.set('x-request-id', 'order-66');
    const { metadata } = await callHead(client, hello, sent);
    assert.deepEqual(metadata.get('x-request-id'), ['order-66']);
    assert.equal(seen, 'order-66');
    assert.equal((await test.ended()).requestId, 'order-66');
  });

  it('gets a request id where the caller sent none or one that is not fit for logs', async () => {
    const client = await serve((request) => Promise.resolve(request));
    const wrong = ['', 'two words', 'x'.repeat(65)];
    for (const id of wrong) {
      const sent = new grpc.Metadata();
      sent.set('x-request-id', id);
      await callHead(client, hello, sent);
    }
    const { metadata } = await callHead(client, hello);
    assert.deepEqual(metadata.get('x-request-id'), ['made-4']);
    assert.deepEqual(
      test.calls.map(({ requestId }) => requestId),
      ['made-1', 'made-2', 'made-3', 'made-4'],
    );
  });

  it('fails with the code, the words and the details of an RpcError', async () => {
    const client = await serve(() =>
      Promise.reject(invalidField('INVALID_PAGE', 'page_size', 'is too large')),
    );
    const failure = await failureOf(callHead(client, hello));
    assert.equal(failure.code, grpc.status.INVALID_ARGUMENT);
    assert.equal(failure.details, 'page_size: is too large');
    const error = fromServiceError(failure);
    assert.equal(error.reason, 'INVALID_PAGE');
    assert.deepEqual(error.violations, [{ field: 'page_size', description: 'is too large' }]);
    assert.deepEqual(failure.metadata.get('x-request-id'), ['made-1']);
    assert.equal((await test.ended()).ends[0]?.error?.reason, 'INVALID_PAGE');
  });

  it('says nothing of an unexpected error to its caller, and all of it to the observer', async () => {
    const secret = new TypeError('password is hunter2');
    const client = await serve(() => Promise.reject(secret));
    const failure = await failureOf(callHead(client, hello));
    assert.equal(failure.code, grpc.status.INTERNAL);
    assert.doesNotMatch(
      JSON.stringify(failure.metadata.toJSON()) + failure.message,
      /hunter2|TypeError/,
    );
    const [end] = (await test.ended()).ends;
    assert.equal(end?.error?.cause, secret);
  });

  it('survives handlers that throw at once, throw no errors or answer with what is no message', async () => {
    const faults: (() => Promise<Buffer>)[] = [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject('a string'),
      () => Promise.reject(),
      () => Promise.resolve(undefined as unknown as Buffer),
      () => Promise.resolve(Buffer.alloc(3_000_000)),
    ];
    let at = 0;
    const client = await serve(() => (faults[at] ?? (() => Promise.resolve(hello)))());
    for (; at < faults.length; at += 1) {
      const failure = await failureOf(callHead(client, hello));
      assert.equal(failure.code, grpc.status.INTERNAL);
    }
    assert.equal((await callHead(client, hello)).response.toString(), 'hello');
  });

  it('has a request that cannot be decoded refused as the fault of its caller', async () => {
    test = await startTestServer([
      unary(
        {
          ...head,
          requestDeserialize: () => {
            throw new Error('index out of range');
          },
        },
        () => Promise.resolve(hello),
      ),
    ]);
    const failure = await failureOf(callHead(test.client(), hello));
    assert.equal(failure.code, grpc.status.INVALID_ARGUMENT);
    const { reason, violations } = fromServiceError(failure);
    assert.equal(reason, 'INVALID_STREAM');
    assert.deepEqual(violations, [{ field: 'message', description: 'it cannot be decoded' }]);
  });

  it('aborts its signal when the caller goes away, runs on, and has ended when it has run', async () => {
    const started = createGate();
    const released = createGate();
    let context: CallContext | undefined;
    const client = await serve(async (request, given) => {
      context = given;
      started.open();
      await released.opened;
      return request;
    });
    const call = client.makeUnaryRequest(
      head.path,
      head.requestSerialize,
      head.responseDeserialize,
      hello,
      () => undefined,
    );
    await started.opened;
    assert.equal(context?.signal.aborted, false);
    call.cancel();
    await once(context.signal, 'abort');
    assert.equal(codeOf(context.signal.reason), grpc.status.CANCELLED);
    assert.equal(test.server.inFlight(), 1);
    assert.equal(test.calls[0]?.ends.length, 0);
    released.open();
    const { ends } = await test.ended();
    assert.deepEqual(
      ends.map(({ code }) => code),
      [grpc.status.CANCELLED],
    );
    assert.equal(test.server.inFlight(), 0);
  });

  it('lets the observer know of a fault that its caller did not wait for', async () => {
    const started = createGate();
    const fault = new Error('the disk is on fire');
    const client = await serve(async (_, { signal }) => {
      started.open();
      await once(signal, 'abort');
      throw fault;
    });
    const answer = callHead(client, hello, undefined, { deadline: Date.now() + 100 });
    await started.opened;
    assert.equal((await failureOf(answer)).code, grpc.status.DEADLINE_EXCEEDED);
    const [end] = (await test.ended()).ends;
    assert.equal(end?.code, grpc.status.DEADLINE_EXCEEDED);
    assert.equal(end.error?.cause, fault);
  });

  it('is given a deadline where its caller has none', async () => {
    let context: CallContext | undefined;
    const client = await serve(
      async (request, given) => {
        context = given;
        await once(given.signal, 'abort');
        return request;
      },
      { unaryDeadlineMs: 100, stallMsMax: 200 },
    );
    const before = Date.now();
    const failure = await failureOf(callHead(client, hello));
    assert.equal(failure.code, grpc.status.DEADLINE_EXCEEDED);
    assert.ok(context !== undefined && context.deadline >= before + 100);
    assert.equal(codeOf(context.signal.reason), grpc.status.DEADLINE_EXCEEDED);
    assert.equal((await test.ended()).ends.length, 1);
  });

  it('tells its handler the deadline of its caller', async () => {
    let deadline = 0;
    const client = await serve((request, context) => {
      ({ deadline } = context);
      return Promise.resolve(request);
    });
    const wanted = Date.now() + 60_000;
    await callHead(client, hello, undefined, { deadline: wanted });
    assert.ok(Math.abs(deadline - wanted) < 1_000);
  });

  it('has an aborted signal also for a handler that asks late', async () => {
    const started = createGate();
    const released = createGate();
    const finished = createGate();
    let reason: unknown;
    const client = await serve(async (request, context) => {
      started.open();
      await released.opened;
      reason = reasonOf(context.signal);
      finished.open();
      return request;
    });
    const failing = failureOf(callHead(client, hello));
    await started.opened;
    assert.equal(await test.server.close(0), 1);
    assert.equal((await failing).code, grpc.status.UNAVAILABLE);
    released.open();
    await finished.opened;
    assert.equal(codeOf(reason), grpc.status.UNAVAILABLE);
  });
});
