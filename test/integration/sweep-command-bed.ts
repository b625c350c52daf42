import assert from 'node:assert/strict';
import { startTestServer, type TestServer } from './rpc-server/test-server.js';
import { runHoldfast, type CommandEnd, type InProcess } from '../support/holdfast-command.js';
import { createScriptedSweeper, type ScriptedSweeper } from '../support/scripted-sweeper.js';

/** `holdfast admin sweep` and a sweeper that does as each test says. */
export interface SweepCommandBed {
  sweeper(): ScriptedSweeper;
  address(): string;
  /** Runs what follows `admin sweep`. */
  run(args: readonly string[], given?: InProcess): Promise<CommandEnd>;
  /** What it prints, for a command that goes well. */
  printed(args: readonly string[], given?: InProcess): Promise<string>;
  /** Nobody can reach the sweeper any more. */
  stopSweeper(): Promise<void>;
}

/** To be called where a suite is described. */
export function useSweepCommandBed(): SweepCommandBed {
  let scripted: ScriptedSweeper;
  let server: TestServer;

  beforeEach(async () => {
    scripted = createScriptedSweeper();
    server = await startTestServer(scripted.methods);
  });

  afterEach(() => server.close());

  const bed: SweepCommandBed = {
    sweeper: () => scripted,
    address: () => `127.0.0.1:${server.port}`,
    run: (args, given) => runHoldfast(['admin', 'sweep', ...args], bed.address(), given),
    async printed(args, given) {
      const { code, stdout, stderr } = await bed.run(args, given);
      assert.deepEqual([code, stderr], [0, '']);
      return stdout;
    },
    stopSweeper: () => server.close(),
  };
  return bed;
}
