import { z } from 'zod';
import { Secret } from './secret.js';

/** What `allowed` of a schema's meta says is shown to whoever gave something else. */
function allowing<Schema extends z.ZodType>(schema: Schema, allowed: string): Schema {
  return schema.meta({ allowed });
}

const msOfUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const bytesOfUnit: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  PB: 1e15,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
};

const durationMsMax = 365 * 86_400_000;
const bytesMaxDefault = Number.MAX_SAFE_INTEGER;

/** Milliseconds: a number of them, or a text such as `500ms`, `30 s`, `5 min`, `1 h`, `7 d`. */
export function durationMs(
  range: { readonly msMin?: number; readonly msMax?: number } = {},
): z.ZodType<number, number | string> {
  const { msMin = 0, msMax = durationMsMax } = range;
  const bounds = `from ${spell(msMin, msOfUnit)} to ${spell(msMax, msOfUnit)}`;
  return quantity(
    msOfUnit,
    msMin,
    msMax,
    `a duration such as "500 ms", "30 s" or "5 min", ${bounds}`,
  );
}

/** Bytes: a number of them, or a text such as `64 KiB`, `1 MiB`, `1.5 GiB`, `10 MB`. */
export function byteSize(
  range: { readonly bytesMin?: number; readonly bytesMax?: number } = {},
): z.ZodType<number, number | string> {
  const { bytesMin = 0, bytesMax = bytesMaxDefault } = range;
  const to = bytesMax === bytesMaxDefault ? 'up' : `to ${spell(bytesMax, bytesOfUnit)}`;
  const bounds = `from ${spell(bytesMin, bytesOfUnit)} ${to}`;
  return quantity(bytesOfUnit, bytesMin, bytesMax, `a size such as "64 KiB" or "1 MiB", ${bounds}`);
}

function quantity(
  units: Readonly<Record<string, number>>,
  min: number,
  max: number,
  allowed: string,
): z.ZodType<number, number | string> {
  const schema = z.union([z.number(), z.string()]).transform((given, context) => {
    const value = typeof given === 'number' ? given : parseQuantity(given, units);
    if (value !== undefined && Number.isSafeInteger(value) && value >= min && value <= max) {
      return value;
    }
    context.issues.push({ code: 'custom', message: allowed, input: given });
    return z.NEVER;
  });
  return allowing(schema, allowed);
}

const quantityText = /^(\d{1,16}(?:\.\d{1,6})?) ?([A-Za-z]{1,3})?$/;

/**
 * Rounded to what is counted in: 2.4 GiB are no whole number of bytes. Less than one of it stays what it
 * is, since 0 may mean something else.
 */
function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit] = quantityText.exec(text.trim()) ?? [];
  const factor = unit === undefined ? 1 : units[unit];
  if (factor === undefined) return undefined;
  const exact = Number(amount) * factor;
  return exact < 1 ? exact : Math.round(exact);
}

/** In the largest unit that leaves a whole number. */
function spell(value: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, size]) => value % size === 0 && value >= size);
  const [unit, size] = fitting.toSorted(([, one], [, other]) => other - one)[0] ?? ['', 1];
  return `${value / size} ${unit}`.trim();
}

const portMax = 65_535;

/** A port to listen on. 0 takes any free one. */
export function port(): z.ZodType<number, number> {
  const schema = z.int().min(0).max(portMax);
  return allowing(schema, `a port from 0 (any free one) to ${portMax}`);
}

const hostText = /^(?:[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45})$/;

/** A host name or an IP address to listen on. */
export function host(): z.ZodType<string, string> {
  const allowed = 'a host name or an IP address such as 127.0.0.1';
  return allowing(z.string().regex(hostText, allowed), allowed);
}

const hostPortText =
  /^(?<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?):(?<port>\d{1,5})$/;

/** Where to connect to: `host:port`, an IPv6 address in brackets. */
export function hostPort(): z.ZodType<string, string> {
  const allowed = 'a host and a port such as 127.0.0.1:7110 or [::1]:7110';
  const schema = z.string().refine((text) => {
    const number = Number(hostPortText.exec(text)?.groups?.['port'] ?? 0);
    return number > 0 && number <= portMax;
  }, allowed);
  return allowing(schema, allowed);
}

const secretCharactersMax = 64 * 1024;

/** A text that is never shown, neither in errors nor in logs. */
export function secret(): z.ZodType<Secret, string> {
  const schema = z
    .string()
    .min(1)
    .max(secretCharactersMax)
    .transform((text) => new Secret(text));
  return schema.meta({ allowed: 'a text that is not empty', isSecret: true });
}
