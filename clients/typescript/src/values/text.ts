/** JSON as states hold it, for callers. */
import { SerializationError } from "../errors.js";
import { jsonText } from "./documents.js";
import { fromJson, JsonFault } from "./json.js";

/**
 * Gives the JSON text of a value, bigint included, which `JSON.stringify` refuses.
 *
 * @throws SerializationError - It is not JSON; names the path in it.
 */
export function stringifyJson(value: unknown): string {
  return jsonText(value, "value");
}

/**
 * Gives the value of a JSON text, integers beyond 2^53 as bigint.
 *
 * @throws SerializationError - It is not JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return fromJson(text, "");
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new SerializationError(error.message, { cause: error });
  }
}
