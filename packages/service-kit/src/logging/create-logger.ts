import {
  destination as openDestination,
  pino,
  stdTimeFunctions,
  type Logger as PinoLogger,
} from 'pino';
import { loggable } from './loggable.js';
import { loggableText } from './redact.js';
import type { LogFields, LogFormat, Logger, LogLevel } from './logger.js';
import { prettyLine } from './pretty-line.js';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly service: string;
  readonly format: LogFormat;
}

/** Takes whole lines, each with its end. */
export interface LogDestination {
  write(line: string): unknown;
}

/** What waits to be written when nobody reads the log; beyond it lines are lost, not the process. */
const bufferedCharactersMax = 8 * 1024 * 1024;

/**
 * Writes one line for each thing said, to standard output unless told otherwise. Lines are written
 * without waiting for whoever reads them; a process that ends by `exit` writes its last ones first.
 */
export function createLogger(options: LoggerOptions, destination?: LogDestination): Logger {
  const output = destination ?? standardOutput();
  const sink = options.format === 'pretty' ? prettyDestination(output) : output;
  const lines = pino(
    {
      level: options.level,
      base: { service: options.service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
    },
    { write: (line: string) => void sink.write(line) },
  );
  return loggerOf(lines);
}

function loggerOf(lines: PinoLogger): Logger {
  function at(level: LogLevel): (fields: LogFields, message: string) => void {
    return (fields, message) => {
      if (!lines.isLevelEnabled(level)) return;
      lines[level](fit(fields), loggableText(message));
    };
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerOf(lines.child(fit(fields))),
    isEnabled: (level) => lines.isLevelEnabled(level),
  };
}

/** Fields as they may be seen, those with the name of a secret hidden. */
function fit(fields: LogFields): Record<string, unknown> {
  return loggable(fields) as Record<string, unknown>;
}

function prettyDestination(output: LogDestination): LogDestination {
  return { write: (line) => output.write(prettyLine(line)) };
}

function standardOutput(): LogDestination {
  const output = openDestination({ dest: 1, sync: false, maxLength: bufferedCharactersMax });
  // There is no place left to complain to, and a full disk under the log must not end the process.
  output.on('error', () => undefined);
  return output;
}
