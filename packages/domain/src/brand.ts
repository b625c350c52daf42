declare const brand: unique symbol;

/** A value that has passed the parse function named `Name`: the compiler keeps others out. */
export type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };
