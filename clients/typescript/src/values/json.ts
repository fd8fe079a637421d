/**
 * JSON without loss.
 *
 * `JSON.stringify` changes what it cannot write without a word, and `JSON.parse` rounds
 * integers beyond 2^53. Here what cannot be written is refused, integers out of the safe
 * range are read as bigint, and a bigint is written as it is. A number that is whole and
 * beyond 2^53 is written with a fraction (`1e20` as `100000000000000000000.0`), so
 * that it comes back as the number it was. Both take the engine's own functions wherever
 * these say the same.
 */
import { type Fault, findFault } from "./faults.js";
import { isPlain } from "./objects.js";
import { parseExactly } from "./parser.js";

/** What is wrong with a text or a value. */
export class JsonFault extends Error {
  constructor(readonly fault: Fault) {
    super(fault.sentence);
  }
}

/** How a value can be written. */
const enum Way {
  NATIVE,
  EXACT,
  NOT,
}

/** Gives the JSON text of a value, or throws a JsonFault that names the path in it. */
export function toJson(value: unknown, path: string): string {
  let way: Way;
  try {
    way = survey(value);
    if (way === Way.NATIVE) return JSON.stringify(value);
    if (way === Way.EXACT) return writeExactly(value);
  } catch (error) {
    // The stack ends somewhere; a circle has no end.
    if (!(error instanceof RangeError)) throw error;
  }
  throw new JsonFault(findFault(value, path));
}

// An integer with so many digits may be out of the safe range, and such an exponent may
// be out of that of a number. What stands in a text is taken for one too, which costs
// time and nothing else.
const SUSPECT = /\d{16}|\de\+?\d{3}/i;

/** Gives the value of a JSON text, or throws a JsonFault. */
export function fromJson(text: string, path: string): unknown {
  try {
    return SUSPECT.test(text) ? parseExactly(text) : JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw new JsonFault({ path, sentence: error.message });
  }
}

function survey(value: unknown): Way {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? Way.NATIVE : Way.NOT;
    case "number":
      return surveyNumber(value);
    case "boolean":
      return Way.NATIVE;
    case "bigint":
      return Way.EXACT;
    case "object":
      if (value === null) return Way.NATIVE;
      if (Array.isArray(value)) return surveyArray(value);
      return isPlain(value) ? surveyObject(value as Record<string, unknown>) : Way.NOT;
    default:
      return Way.NOT;
  }
}

function surveyNumber(value: number): Way {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? Way.EXACT : Way.NATIVE;
  if (!Number.isFinite(value)) return Way.NOT;
  return Number.isInteger(value) ? Way.EXACT : Way.NATIVE;
}

function surveyArray(values: readonly unknown[]): Way {
  let worst = Way.NATIVE;
  for (const value of values) {
    const way = survey(value);
    if (way === Way.NOT) return way;
    if (way > worst) worst = way;
  }
  return worst;
}

function surveyObject(value: Record<string, unknown>): Way {
  let worst = Way.NATIVE;
  for (const key of Object.keys(value)) {
    const item = value[key];
    // As everywhere in JavaScript: an undefined property is none.
    if (item === undefined) continue;
    const way = key.isWellFormed() ? survey(item) : Way.NOT;
    if (way === Way.NOT) return way;
    if (way > worst) worst = way;
  }
  return worst;
}

function writeExactly(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return writeNumber(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeExactly).join(",")}]`;
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => `${JSON.stringify(key)}:${writeExactly(item)}`);
  return `{${members.join(",")}}`;
}

function writeNumber(value: number): string {
  if (surveyNumber(value) === Way.NATIVE) return JSON.stringify(value);
  const text = Object.is(value, -0) ? "-0" : value.toString();
  return text.includes("e") ? text : `${text}.0`;
}
