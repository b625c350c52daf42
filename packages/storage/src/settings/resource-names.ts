import { z } from 'zod';

/* Names that Google Cloud gives, as far as a typing mistake can be told from one without asking it. */

function name(pattern: RegExp, allowed: string): z.ZodString {
  return z.string().regex(pattern).meta({ allowed });
}

export function projectId(): z.ZodString {
  return name(
    /^[a-z0-9][a-z0-9.:-]{0,98}[a-z0-9]$/,
    'the id of a project, such as "my-project": small letters, digits, "-"',
  );
}

export function instanceId(): z.ZodString {
  return name(
    /^[a-z][a-z0-9-]{0,31}[a-z0-9]$/,
    'the id of a Bigtable instance, such as "my-instance": small letters, digits, "-"',
  );
}

export function tableId(): z.ZodString {
  return name(
    /^[_a-zA-Z0-9][-_.a-zA-Z0-9]{0,49}$/,
    'the id of a table: 1 to 50 letters, digits, "_", "-", "."',
  );
}

export function appProfileId(): z.ZodString {
  return name(
    /^[_a-zA-Z0-9][-_.a-zA-Z0-9]{0,49}$/,
    'the id of an app profile: 1 to 50 letters, digits, "_", "-", "."',
  );
}

export function bucketName(): z.ZodString {
  return name(
    /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
    'the name of a bucket, without "gs://": 3 to 222 small letters, digits, "-", "_", "."',
  );
}

export function bucketLocation(): z.ZodString {
  return name(
    /^[A-Za-z][A-Za-z0-9-]{1,30}$/,
    'a location of Cloud Storage, such as "EU" or "europe-west1"',
  );
}
