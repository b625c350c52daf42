/** Where the JSON API has what. All values are encoded here, and nowhere else. */
export interface ApiPaths {
  bucket(query?: Query): string;
  buckets(query: Query): string;
  objects(query: Query): string;
  object(name: string, query?: Query): string;
  /** Where objects are uploaded. */
  uploads(query: Query): string;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export function apiPaths(bucketName: string): ApiPaths {
  const bucket = `/storage/v1/b/${encoded(bucketName)}`;
  return {
    bucket: (query) => bucket + queryOf(query),
    buckets: (query) => `/storage/v1/b${queryOf(query)}`,
    objects: (query) => `${bucket}/o${queryOf(query)}`,
    object: (name, query) => `${bucket}/o/${encoded(name)}${queryOf(query)}`,
    uploads: (query) => `/upload${bucket}/o${queryOf(query)}`,
  };
}

function queryOf(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encoded(String(value))}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** Also what a path may hold as it is, but the documentation asks to be encoded. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
