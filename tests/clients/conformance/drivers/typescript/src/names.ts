/** Names: `memberOutputs` to the client, `member_outputs` to the runner. */

// Of a path, the first step alone is a name; the others are keys.
const FIRST = /^[^.[]*/;

/** Gives the runner's name for the client's; of a path, its first step. */
export function toSnake(name: string): string {
  return name.replace(FIRST, (first) =>
    first.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
  );
}

/** Gives the client's name for the runner's; of a path, its first step. */
export function toCamel(name: string): string {
  return name.replace(FIRST, (first) =>
    first.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()),
  );
}
