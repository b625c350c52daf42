import { createCallTable } from './call-table.js';
import { watchCalls } from './call-watch.js';
import { drainServer } from './drain-server.js';
import { createGrpcTransport } from './grpc-transport.js';
import { listenOn } from './port-listener.js';
import { registerMethods } from './registered-method.js';
import type { RpcMethod } from './rpc-method.js';
import type { RpcServer, RpcServerDependencies, RpcServerOptions } from './rpc-server.js';
import { readCertificates, serverCredentials } from './server-certificates.js';
import { serverLimitDefaults } from './server-limits.js';
import { createStandardServices } from './standard-services.js';
import { watchCertificates } from './watch-certificates.js';

/**
 * Serves the methods, health and reflection. Rejects with an Error of one clear line when the port
 * or a certificate cannot be used.
 */
export async function startRpcServer(
  options: RpcServerOptions,
  methods: readonly RpcMethod[],
  { clock, observer, requestIds }: RpcServerDependencies,
): Promise<RpcServer> {
  const limits = { ...serverLimitDefaults, ...options.limits };
  const refused = (why: string): void => observer.refused?.(why);
  const { methods: standard, health } = createStandardServices(methods);
  const calls = createCallTable();
  const certificates = options.tls && (await readCertificates(options.tls));
  const transport = createGrpcTransport(
    registerMethods(methods, standard),
    serverCredentials(certificates),
    { limits, clock, observer, requestIds, calls },
  );
  const listener = await listenOn(
    { host: options.host, port: options.port, connectionsMax: limits.connectionsMax },
    { connected: transport.connected, refused },
  );
  const watches = [watchCalls(calls, clock, limits)];
  if (options.tls !== undefined && certificates !== undefined) {
    const events = { replaced: transport.useCertificates, unusable: refused };
    watches.push(watchCertificates(options.tls, certificates, limits.certificateCheckMs, events));
  }

  const draining = new AbortController();
  const drainable = { health, listener, transport, calls, draining, clock, watches };
  let cutOff: Promise<number> | undefined;
  return {
    address: listener.address,
    draining: draining.signal,
    inFlight: calls.running,
    connections: listener.connections,
    setServing: health.setServing,
    close(msMax) {
      cutOff ??= drainServer(drainable, msMax);
      return cutOff;
    },
  };
}
