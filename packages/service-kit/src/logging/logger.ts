export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

/** What is said besides the message. Errors are told with their causes, secrets and bytes never. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes lines. It never throws, and says nothing below its level. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
  /** Whether a line of this level would be written, for who would have to work for its fields. */
  isEnabled(level: LogLevel): boolean;
}
