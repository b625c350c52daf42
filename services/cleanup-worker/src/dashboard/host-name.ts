/** What a `Host` header names, without its port; `undefined` when it is none. */
export function hostNameOf(header: string): string | undefined {
  const { bracketed, plain } = hostHeader.exec(header)?.groups ?? {};
  return bracketed ?? plain;
}

const hostHeader =
  /^(?:\[(?<bracketed>[0-9a-f:.]{2,45})\]|(?<plain>[a-z0-9._-]{1,253}))(?::\d{1,5})?$/i;
