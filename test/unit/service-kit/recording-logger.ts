import { createLogger, type Logger, type LogLevel } from '@holdfast/service-kit';

export type Line = Readonly<Record<string, unknown>>;

/** The real logger, with its lines kept as they would be written. */
export function recordingLogger(level: LogLevel = 'debug'): {
  readonly logger: Logger;
  readonly text: () => string;
  readonly lines: () => readonly Line[];
} {
  const written: string[] = [];
  const logger = createLogger(
    { level, service: 'test', format: 'json' },
    { write: (line) => written.push(line) },
  );
  return {
    logger,
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Line),
  };
}
