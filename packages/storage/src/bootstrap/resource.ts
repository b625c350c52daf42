/**
 * One thing that a store needs around itself. Its two steps are all that there is to a kind of resource;
 * what becomes of it is decided in `mend-resource.ts`, in one way for all kinds.
 */
export interface Resource {
  /** As people call it: `bucket photos`. */
  readonly name: string;
  /** Changes nothing. */
  look(): Promise<ResourceState>;
  /**
   * Makes it where it is missing, and changes what is not as it has to be, as far as that can be changed.
   * Many may do so at once: that another one was first is no failure, or one that the next look corrects.
   */
  mend(): Promise<void>;
}

export type ResourceState =
  | { readonly kind: 'missing' }
  /** `drift` says in a sentence each what is not as it has to be; empty when all is. */
  | { readonly kind: 'found'; readonly drift: readonly string[] };

export type ResourceOutcome =
  | { readonly kind: 'exists' }
  | { readonly kind: 'made' }
  | { readonly kind: 'mended'; readonly drift: readonly string[] }
  /** It is there, but not as it should be: it was only looked at, or some of it cannot be changed. */
  | {
      readonly kind: 'drifted';
      readonly drift: readonly string[];
      readonly mended: readonly string[];
      /** What went wrong when it was tried to change it. */
      readonly why?: string | undefined;
    }
  /** It was only looked at. */
  | { readonly kind: 'missing' }
  /** It is not there, or cannot even be looked at. */
  | { readonly kind: 'failed'; readonly why: string };
