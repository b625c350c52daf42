/**
 * Where settings come from, each over the one before:
 *
 * 1. the defaults of the schema,
 * 2. the YAML file that `--config FILE` names,
 * 3. the environment: `HOLDFAST_LIMITS__IN_FLIGHT_MAX=500` is `limits.inFlightMax`.
 *
 * A setting that is unknown or wrong stops the start.
 */
import type { z } from 'zod';
import { StartupError } from '../startup-error.js';
import { readCommandLine } from './read-command-line.js';
import { readEnvironment, type EnvironmentSetting } from './read-environment.js';
import { readYamlFile, type YamlSettings } from './read-yaml-file.js';
import { formatPath, withValueAt } from './setting-path.js';
import { settingProblems, type OriginOf } from './setting-problems.js';

export interface SettingsSources {
  /** What came after the name of the program. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const problemsMax = 20;

/** The settings, or a `StartupError` with a line for each thing that is wrong. */
export function loadSettings<Schema extends z.ZodType>(
  schema: Schema,
  sources: SettingsSources,
): z.output<Schema> {
  const file = readCommandLine(sources.argv);
  const yaml = file === undefined ? undefined : readYamlFile(file);
  const variables = readEnvironment(sources.env, schema);
  let given: unknown = yaml?.settings ?? {};
  for (const { path, value } of variables) given = withValueAt(given, path, value);

  const parsed = schema.safeParse(given);
  const originOf = originIn(variables, yaml);
  const problems = settingProblems({ schema, given, originOf }, parsed.error?.issues ?? []);
  if (problems.length > 0 || !parsed.success) throw new StartupError(tell(problems));
  return parsed.data;
}

function originIn(
  variables: readonly EnvironmentSetting[],
  yaml: YamlSettings | undefined,
): OriginOf {
  return (path) => {
    const name = formatPath(path);
    // An entry of a list stands in the variable of the list.
    const variable = variables.find((one) => {
      const known = formatPath(one.path);
      return name === known || name.startsWith(`${known}.`) || name.startsWith(`${known}[`);
    });
    // What is wrong about a group that only variables give, one of them is to blame for.
    const within = variables.find((one) => formatPath(one.path).startsWith(`${name}.`));
    return variable?.variable ?? yaml?.origin(path) ?? within?.variable;
  };
}

function tell(problems: readonly string[]): string {
  const told = problems.slice(0, problemsMax);
  const left = problems.length - told.length;
  return (left > 0 ? [...told, `and ${left} more`] : told).join('\n');
}
