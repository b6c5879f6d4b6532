export interface Comment {
  readonly doc: string;
  readonly examples: readonly string[];
  readonly default?: string;
}

export interface Member {
  readonly name?: string;
  readonly code: string;
  readonly comment: Comment;
}

export interface Exported {
  readonly name: string;
  readonly kind: "function" | "variable" | "class" | "interface" | "typeAlias";
  readonly comment: Comment;
  readonly code: string;
  readonly members?: readonly Member[];
  /** The types whose members it has too, with the file of each. */
  readonly bases?: readonly Base[];
}

export interface Base {
  readonly name: string;
  readonly file: string;
}

/** The symbols of a file of declarations, and the comment at its top. */
export function read(path: string): { comment: Comment; symbols: readonly Exported[] };

/** An interface that is exported by its file, though perhaps by no entry point. */
export function interfaceOf(base: Base): Exported | undefined;
