/** What makes an argument one that can be sent; the server checks the rest. */
import { InvalidRequestError } from "./errors.js";

const PORT_MAX = 65_535;
// What gRPC's own names of servers begin with; gRPC alone knows what follows.
const GRPC_NAME = /^(dns|unix|ipv4|ipv6|xds):/;

/** Gives the error for one field that is wrong. */
export function invalid(field: string, sentence: string): InvalidRequestError {
  return new InvalidRequestError(`${field}: ${sentence}`, {
    fields: [{ field, description: sentence }],
  });
}

/** Names the type of a value, for messages. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return typeof value;
  const made: unknown = Object.getPrototypeOf(value);
  const name = (made as { constructor?: { name?: string } } | null)?.constructor?.name;
  return name === undefined || name === "" || name === "Object" ? "an object" : name;
}

/** Gives a text that can be sent, or throws an InvalidRequestError. */
export function checkedText(field: string, value: unknown): string {
  if (typeof value !== "string") throw invalid(field, `must be a string, not ${typeName(value)}`);
  if (!value.isWellFormed()) {
    throw invalid(field, "has half of a surrogate pair, which UTF-8 cannot hold");
  }
  return value;
}

/** Gives a text that can be sent and says something, or throws an InvalidRequestError. */
export function checkedName(field: string, value: unknown): string {
  const name = checkedText(field, value);
  if (name === "") throw invalid(field, "must not be empty");
  return name;
}

/** Gives a list of texts that can be sent, or throws an InvalidRequestError. */
export function checkedTexts(field: string, texts: unknown): string[] {
  if (typeof texts === "string") {
    throw invalid(field, `must be an array of names, not one name: ['${texts}']`);
  }
  if (!isIterable(texts)) throw invalid(field, `must be an array, not ${typeName(texts)}`);
  return Array.from(texts, (text) => checkedText(field, text));
}

/** Gives a revision that can be sent, or throws an InvalidRequestError. */
export function checkedRevision(field: string, revision: unknown): bigint {
  if (typeof revision !== "number") {
    throw invalid(field, `must be a number, not ${typeName(revision)}`);
  }
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw invalid(field, `must be a whole number from 0 on, not ${String(revision)}`);
  }
  return BigInt(revision);
}

/** Gives one of several names, or throws an InvalidRequestError. */
export function checkedChoice<Name extends string>(
  field: string,
  value: unknown,
  choices: readonly Name[],
): Name {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    const given = typeof value === "string" ? `'${value}'` : typeName(value);
    throw invalid(field, `${given} is none of ${choices.join(", ")}`);
  }
  return found;
}

/** Gives a function, or throws an InvalidRequestError. */
export function checkFunction(field: string, value: unknown): void {
  if (typeof value !== "function") {
    throw invalid(field, `must be a function, not ${typeName(value)}`);
  }
}

/** Refuses arguments that exclude each other; undefined: not given. */
export function checkAtMostOne(alternatives: Readonly<Record<string, unknown>>): void {
  const [first, second] = Object.keys(alternatives).filter(
    (name) => alternatives[name] !== undefined,
  );
  if (second !== undefined) throw invalid(second, `cannot be given together with ${String(first)}`);
}

/** Refuses anything but one of several arguments; undefined: not given. */
export function checkOne(alternatives: Readonly<Record<string, unknown>>): void {
  checkAtMostOne(alternatives);
  const [first = "", ...others] = Object.keys(alternatives);
  if (Object.values(alternatives).every((value) => value === undefined)) {
    throw invalid(first, `is required (or ${others.join(" or ")})`);
  }
}

/** Gives the address of a server that can be connected to, or throws an InvalidRequestError. */
export function checkedTarget(target: unknown): string {
  const address = checkedName("target", target);
  if (GRPC_NAME.test(address)) return address;
  if (address.includes("://")) {
    throw invalid("target", `'${address}' is a URL: leave out what stands before the host`);
  }
  const at = address.lastIndexOf(":");
  const host = address.slice(0, Math.max(at, 0));
  const port = address.slice(at + 1);
  if (host === "" || address.endsWith("]")) {
    throw invalid("target", `'${address}' is not HOST:PORT, as in localhost:7460`);
  }
  if (host.includes(":") && !(host.startsWith("[") && host.endsWith("]"))) {
    throw invalid("target", `'${address}': an IPv6 host needs brackets, as in [::1]:7460`);
  }
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > PORT_MAX) {
    throw invalid(
      "target",
      `'${address}': '${port}' is no port, which are 1 to ${String(PORT_MAX)}`,
    );
  }
  return address;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}
