import { z } from 'zod';
import { Secret } from './secret.js';

const prefixDefault = '{holdfast}';
const prefixText = /^[!-~]{1,64}$/;
const urlCharactersMax = 4_096;

/** Says what is allowed instead, without repeating any secret; `undefined` when all is well. */
export interface RedisChecks {
  readonly url: (url: string) => string | undefined;
  /** May depend on what kind of Redis the URL names. */
  readonly prefix: (prefix: string, url: string) => string | undefined;
}

/** Where Redis is. What is a good URL is known to whoever connects. */
export function redisSettings(checks: RedisChecks) {
  return z
    .strictObject({
      url: redisUrl(checks.url),
      /** PEM files, for the URLs of `rediss`. */
      tls: z
        .strictObject({
          /** Missing: the authorities of the system are trusted. */
          caFile: z.string().min(1).optional(),
          certificateFile: z.string().min(1).optional(),
          privateKeyFile: z.string().min(1).optional(),
        })
        .optional(),
      /** All keys begin with it. */
      prefix: z
        .string()
        .regex(prefixText, '1 to 64 printable ASCII characters without spaces')
        .default(prefixDefault),
    })
    .superRefine(({ url, prefix, tls }, context) => {
      const problem = checks.prefix(prefix, url.reveal());
      if (problem !== undefined) {
        context.addIssue({ code: 'custom', message: problem, path: ['prefix'], input: prefix });
      }
      const { certificateFile, privateKeyFile } = tls ?? {};
      if ((certificateFile === undefined) === (privateKeyFile === undefined)) return;
      const message = 'certificateFile and privateKeyFile, both or neither';
      context.addIssue({ code: 'custom', message, path: ['tls'], input: tls });
    });
}

/** A secret, because it may hold a password. */
function redisUrl(check: RedisChecks['url']): z.ZodType<Secret, string> {
  const schema = z
    .string()
    .min(1)
    .max(urlCharactersMax)
    .superRefine((url, context) => {
      const problem = check(url);
      if (problem !== undefined) {
        // What is said of the settings together is about a URL that is one.
        context.addIssue({ code: 'custom', message: problem, input: url, continue: false });
      }
    })
    .transform((text) => new Secret(text));
  return schema.meta({ isSecret: true });
}
