import { host, type Ports } from './ports.js';
import type { DataFolder } from './data-folder.js';
import { defaultPort } from './command-line.js';

/** What somebody who has just started it wants to know: where it is, and what to do now. */
export function welcomeText(ports: Ports, folder: DataFolder): string {
  const address = `${host}:${ports.gateway}`;
  const target = ports.gateway === defaultPort ? '' : ` --address ${address}`;
  return `
Holdfast runs, and keeps its data in ${folder.path}

  gateway       gRPC ${address}   http://${host}:${ports.gatewayHttp}/metrics
  tiered-store  gRPC ${host}:${ports.tieredStore}   http://${host}:${ports.tieredStoreHttp}/metrics

Try it in another terminal, in this folder:

  echo 'Hello, Holdfast!' | npx holdfast put${target} - demo:hello
  npx holdfast get${target} demo:hello

Ctrl-C stops it.
`;
}
