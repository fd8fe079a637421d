/**
 * Finds what is wrong with a value that could not be written, and where.
 *
 * Slow and thorough, for the error path only. It does not recurse, so it tells about deep
 * and circular values as well.
 */
import { typeName } from "../arguments.js";
import { isPlain } from "./objects.js";

const PATH_CHARACTERS_MAX = 500;

/** Where a value is wrong, and why. */
export interface Fault {
  readonly path: string;
  readonly sentence: string;
}

interface Level {
  readonly container: object;
  readonly items: Iterator<readonly [string, unknown]>;
}

/**
 * Finds the first fault, depth first.
 *
 * @param value - What could not be written.
 * @param path - What the value itself is called: `context.user`.
 */
export function findFault(value: unknown, path: string): Fault {
  // The containers between the value and where the walk stands, so that a circle is told
  // from an object that merely occurs twice. Steps are joined at the end: a path for
  // every level would be quadratic in the depth.
  const above = new Set<object>();
  const levels: Level[] = [];
  const steps: string[] = [];
  let deepest: string[] = [];
  const enter = (item: unknown, step: string): Fault | undefined => {
    const sentence = faultOf(item, above);
    if (sentence !== undefined) return { path: joined(path, [...steps, step]), sentence };
    if (typeof item === "object" && item !== null) {
      above.add(item);
      levels.push({ container: item, items: itemsOf(item) });
      steps.push(step);
    }
    return undefined;
  };

  let fault = enter(value, "");
  while (fault === undefined) {
    const level = levels.at(-1);
    if (level === undefined) break;
    const next = level.items.next();
    if (next.done === true) {
      // Here and not on the way down, where each step would copy all before it.
      if (steps.length > deepest.length) deepest = steps.slice();
      above.delete(level.container);
      levels.pop();
      steps.pop();
    } else {
      fault = enter(next.value[1], next.value[0]);
    }
  }
  return (
    fault ?? {
      path: joined(path, deepest),
      sentence: `it is nested too deeply (${String(deepest.length)} levels)`,
    }
  );
}

/** Tells why a text cannot be sent; undefined: it can. */
export function textFault(text: string): string | undefined {
  return text.isWellFormed()
    ? undefined
    : "it has half of a surrogate pair, which UTF-8 cannot hold";
}

function faultOf(value: unknown, above: ReadonlySet<object>): string | undefined {
  switch (typeof value) {
    case "string":
      return textFault(value);
    case "number":
      return Number.isFinite(value) ? undefined : `${String(value)} is not JSON`;
    case "boolean":
    case "bigint":
      return undefined;
    case "object":
      return value === null ? undefined : objectFault(value, above);
    default:
      return `${typeof value} is not JSON`;
  }
}

function objectFault(value: object, above: ReadonlySet<object>): string | undefined {
  if (above.has(value)) return "it contains itself";
  if (value instanceof Uint8Array) {
    return "bytes can only stand for a whole entry of a document, not inside of JSON";
  }
  if (Array.isArray(value)) return undefined;
  if (!isPlain(value)) return `${typeName(value)} is not JSON`;
  const key = Object.keys(value).find((name) => !name.isWellFormed());
  return key === undefined ? undefined : "a key of it has half of a surrogate pair";
}

function* itemsOf(container: object): Generator<readonly [string, unknown]> {
  if (Array.isArray(container)) {
    for (let index = 0; index < container.length; index++) {
      yield [`[${String(index)}]`, container[index]];
    }
    return;
  }
  for (const [key, item] of Object.entries(container)) {
    if (item !== undefined) yield [`.${key}`, item];
  }
}

function joined(path: string, steps: readonly string[]): string {
  const whole = path + steps.join("");
  return whole.length <= PATH_CHARACTERS_MAX ? whole : `${whole.slice(0, PATH_CHARACTERS_MAX)}...`;
}
