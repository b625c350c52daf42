import type { CommandText, FlagTable } from '../command.js';

export const bootstrapCommand: CommandText = {
  name: 'bootstrap',
  summary: 'Makes what the services need around them: table, bucket, queues',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  notes: [
    'It reads storage, queue and bootstrap of the settings of a tiered store, from the file and from',
    'HOLDFAST_... in the environment, and passes over the rest. What is missing is made, what is',
    'there is accepted, what has drifted is put right where it can be; what cannot be is told, and it',
    'goes on. Running it again changes nothing, and many may run at once. It exits with 1 when',
    'something is not there in the end, and with --check also when something is not as it should be.',
  ],
  flags: {
    config: { value: 'FILE', isFile: true, help: 'the settings of a tiered store, in YAML' },
    check: { help: 'change nothing, only say what is there' },
  },
  examples: [
    ['what is missing', 'holdfast bootstrap --check --config tiered-store.yaml'],
    ['make it', 'holdfast bootstrap --config tiered-store.yaml'],
  ],
};

/** It talks to no service of ours. */
export const bootstrapFlags: FlagTable = {
  json: { help: 'print one JSON document' },
  help: { short: 'h', help: 'print this help' },
};
