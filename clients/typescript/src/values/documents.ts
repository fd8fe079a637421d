/**
 * Documents between JavaScript and what is sent.
 *
 * A document is a plain object or a Map. Its values are JSON (null, booleans, numbers,
 * bigint, strings, arrays and plain objects, in any nesting), or bytes: a Uint8Array (a
 * Buffer is one) as a whole value. Anything else is refused before it is sent.
 */
import { create } from "@bufbuild/protobuf";

import { checkedText, invalid, typeName } from "../arguments.js";
import { SerializationError } from "../errors.js";
import {
  type Document as DocumentMessage,
  DocumentSchema,
  type Value,
  ValueSchema,
} from "../gen/statekeeper/v1/value_pb.js";
import { fromJson, JsonFault, toJson } from "./json.js";
import { isPlain, setOwn } from "./objects.js";

/**
 * Bytes with a media type: `new Binary(packed, "application/msgpack")`.
 *
 * Values that were written with a media type are read as this, others as a plain
 * Uint8Array.
 */
export class Binary extends Uint8Array {
  /** The media type, at most 256 bytes; empty when not known. */
  readonly contentType: string;

  constructor(bytes: Uint8Array, contentType: string) {
    super(bytes);
    this.contentType = checkedText("contentType", contentType);
  }

  // What is sliced off is bytes, of which nobody knows the type.
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }
}

/** Values by key, as callers give them. */
export type DocumentInput = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/**
 * Writes a document; properties that are undefined are left out.
 *
 * @param name - The document's name, which paths in errors begin with: `context`.
 * @throws InvalidRequestError - It is neither a plain object nor a Map.
 * @throws SerializationError - A key or a value cannot be sent.
 */
export function writeDocument(document: unknown, name: string): DocumentMessage {
  const message = create(DocumentSchema);
  for (const [key, value] of entriesOf(document, name)) {
    if (value === undefined) continue;
    setOwn(message.entries, checkedKey(key, name), writeValue(value, `${name}.${key}`));
  }
  return message;
}

/** The same for a document that holds JSON alone. */
export function writeJsonDocument(document: unknown, name: string): DocumentMessage {
  const message = create(DocumentSchema);
  for (const [key, value] of entriesOf(document, name)) {
    if (value === undefined) continue;
    const path = `${name}.${checkedKey(key, name)}`;
    setOwn(message.entries, key, jsonValue(value, path));
  }
  return message;
}

/** Gives the JSON text of a value, or throws a SerializationError that names its path. */
export function jsonText(value: unknown, path: string): string {
  try {
    return toJson(value, path);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw unsuitable("saved", error);
  }
}

/** Reads a document as a plain object; throws a SerializationError. */
export function readDocument(message: DocumentMessage, name: string): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(message.entries)) {
    setOwn(document, key, readValue(value, `${name}.${key}`));
  }
  return document;
}

/** Reads a document as a Map; throws a SerializationError. */
export function readMap(message: DocumentMessage, name: string): Map<string, unknown> {
  const document = new Map<string, unknown>();
  for (const [key, value] of Object.entries(message.entries)) {
    document.set(key, readValue(value, `${name}.${key}`));
  }
  return document;
}

function entriesOf(document: unknown, name: string): Iterable<[string, unknown]> {
  if (document instanceof Map) return document as Map<string, unknown>;
  if (typeof document === "object" && document !== null && !Array.isArray(document)) {
    if (isPlain(document)) return Object.entries(document);
  }
  throw invalid(name, `must be a plain object or a Map, not ${typeName(document)}`);
}

function checkedKey(key: unknown, name: string): string {
  if (typeof key !== "string") {
    throw refusal(name, `a key of it is ${typeName(key)}, and keys must be strings`);
  }
  if (!key.isWellFormed()) throw refusal(name, "a key of it has half of a surrogate pair");
  return key;
}

function writeValue(value: unknown, path: string): Value {
  if (!(value instanceof Uint8Array)) return jsonValue(value, path);
  return create(ValueSchema, {
    // A copy, because requests are encoded when they are sent, and the caller goes on.
    kind: { case: "binary", value: new Uint8Array(value) },
    contentType: value instanceof Binary ? value.contentType : "",
  });
}

function jsonValue(value: unknown, path: string): Value {
  return create(ValueSchema, { kind: { case: "json", value: jsonText(value, path) } });
}

function readValue(value: Value, path: string): unknown {
  switch (value.kind.case) {
    case "json":
      return readJson(value.kind.value, path);
    case "binary":
      // A copy, so that it does not hold the whole message.
      return value.contentType === ""
        ? new Uint8Array(value.kind.value)
        : new Binary(value.kind.value, value.contentType);
    case undefined:
      throw new SerializationError(`${path} cannot be read: it has no value`, { path });
  }
}

function readJson(text: string, path: string): unknown {
  try {
    return fromJson(text, path);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw unsuitable("read", error);
  }
}

function unsuitable(done: string, { fault }: JsonFault): SerializationError {
  return new SerializationError(`${fault.path} cannot be ${done}: ${fault.sentence}`, {
    path: fault.path,
  });
}

function refusal(path: string, sentence: string): SerializationError {
  return new SerializationError(`${path} cannot be saved: ${sentence}`, { path });
}
