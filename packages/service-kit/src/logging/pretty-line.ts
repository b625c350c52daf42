/** A line of the log for people: time, level, message, fields, and then the stack of an error. */
export function prettyLine(line: string): string {
  const { time, level, message, ...rest } = parse(line);
  const fields: string[] = [];
  const stacks: string[] = [];
  for (const [name, value] of Object.entries(rest)) {
    if (name === 'pid' || name === 'service') continue;
    fields.push(` ${name}=${JSON.stringify(withoutStacks(value, stacks))}`);
  }
  const head = `${clockTime(time)} ${shown(level).toUpperCase().padEnd(5)} ${shown(message)}`;
  const tail = stacks.map((stack) => `\n    ${stack.split('\n').map(visible).join('\n    ')}`);
  return `${head}${visible(fields.join(''))}${tail.join('')}\n`;
}

function parse(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

/** Of a time such as 2026-01-31T10:20:30.123Z. */
function clockTime(time: unknown): string {
  return shown(time).slice(11, 23);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? visible(value) : '';
}

/** What came from a caller cannot begin a line nor paint the terminal. */
function visible(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** Takes the stacks of errors out of a field, and out of their causes. */
function withoutStacks(value: unknown, stacks: string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { stack, cause, ...rest } = value as Record<string, unknown>;
  if (typeof stack === 'string') stacks.push(stack);
  if (cause === undefined) return rest;
  return { ...rest, cause: withoutStacks(cause, stacks) };
}
