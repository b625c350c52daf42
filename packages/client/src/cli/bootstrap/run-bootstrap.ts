import type { BootstrapEntry, BootstrapReport } from '@holdfast/storage';
import { exitCodes } from '../exit-code.js';
import { explainFailure } from '../explain-failure.js';
import { printable } from '../format-quantity.js';
import type { Host } from '../host.js';
import { jsonLine } from '../object-json.js';
import { createOutput } from '../output.js';
import type { Flags } from '../parse-arguments.js';
import { parseCommand } from '../parse-command.js';
import { UsageError } from '../usage-error.js';
import { bootstrapCommand, bootstrapFlags } from './bootstrap-command.js';
import { loadStorage, type StorageModule } from './load-storage.js';

/** Runs what follows `holdfast bootstrap`, and answers the exit code. */
export async function runBootstrap(args: readonly string[], host: Host): Promise<number> {
  try {
    const out = createOutput(host.stdout);
    const parsed = await parseCommand(bootstrapCommand, bootstrapFlags, args, out);
    if (parsed === undefined) return exitCodes.ok;
    const storage = await loadStorage();
    const report = await asUsage(storage, () => bootstrap(storage, parsed.flags, host));
    return report.isSound ? exitCodes.ok : exitCodes.failed;
  } catch (thrown) {
    return explainFailure(thrown, bootstrapCommand, host);
  }
}

async function bootstrap(
  storage: StorageModule,
  flags: Flags,
  { env, signal, stdout, stderr }: Host,
): Promise<BootstrapReport> {
  const [out, err] = [createOutput(stdout), createOutput(stderr)];
  const isJson = flags.isSet('json');
  const plan = storage.readBootstrapPlan({ file: flags.text('config'), env });
  for (const warning of storage.storageWarnings(plan.storage)) {
    await err.write(`holdfast: ${printable(warning)}\n`);
  }
  const report = await storage.bootstrapAll(plan, {
    checkOnly: flags.isSet('check'),
    signal,
    told: isJson ? undefined : (entry) => out.write(`${printable(storage.tellEntry(entry))}\n`),
  });
  if (isJson) await out.write(jsonLine(reportJson(report)));
  return report;
}

function reportJson({ entries, isSound }: BootstrapReport) {
  return { isSound, resources: entries.map(entryJson) };
}

function entryJson({ name, outcome: { kind, ...rest } }: BootstrapEntry) {
  return { name, outcome: kind, ...rest };
}

/** Settings that are wrong are something for whoever called us to put right. */
async function asUsage<Answer>(
  { StartupError }: StorageModule,
  act: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    throw new UsageError(error.message.replaceAll('\n', '; '), { cause: error });
  }
}
