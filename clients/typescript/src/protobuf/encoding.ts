/**
 * Encodes messages, to the same bytes as protobuf-es' `toBinary`.
 *
 * That makes buffers as it goes, several times the size of the message, which live
 * outside of V8's heap. V8 counts them there, and a process with a small heap that makes
 * so much of them does nothing but collect all of its garbage again and again. So here a
 * message is written where it is to be sent from, and nothing is made for it.
 */
import {
  type DescField,
  type DescMessage,
  type DescOneof,
  type Message,
  type MessageShape,
  ScalarType,
  type UnknownField,
} from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

import { ReverseWriter } from "./reverse-writer.js";
import { type Sink, Sizer } from "./sink.js";

/** Puts a message into a sink. */
export type Encoder = (sink: Sink, message: Message) => void;

/** Gives how many bytes a message takes. */
export function sizeOf<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): number {
  const sizer = new Sizer();
  encoderOf(schema)(sizer, message);
  return sizer.length;
}

/** Gives the bytes of a message. */
export function encode<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): Buffer {
  const writer = new ReverseWriter(sizeOf(schema, message));
  encoderOf(schema)(writer, message);
  return writer.written;
}

/** Gives the encoder of messages, which is made when it is first asked for. */
export function encoderOf(schema: DescMessage): Encoder {
  const known = ENCODERS.get(schema);
  if (known !== undefined) return known;
  const fields: FieldEncoder[] = [];
  const encoder: Encoder = (sink, message) => {
    if (message.$unknown !== undefined) encodeUnknown(sink, message.$unknown);
    for (const encodeField of fields) encodeField(sink, message);
  };
  // Before those of its fields, which may be messages like itself.
  ENCODERS.set(schema, encoder);
  const descending = [...schema.fields].sort((one, other) => other.number - one.number);
  for (const field of descending) fields.push(fieldEncoder(field));
  return encoder;
}

/** Gives the tag of a field, which stands before its value. */
export function tagOf(number: number, wireType: WireType): number {
  return number * 8 + wireType;
}

const ENCODERS = new Map<DescMessage, Encoder>();

/** A message by the names of its fields. */
type Fields = Message & Readonly<Record<string, unknown>>;
type FieldEncoder = (sink: Sink, message: Fields) => void;
type ListField = DescField & { fieldKind: "list" };
type MapField = DescField & { fieldKind: "map" };
type SingularField = Exclude<DescField, ListField | MapField>;

/** How the values of a field are encoded. */
interface Codec {
  /** Puts a value, without the tag of its field. */
  readonly encode: (sink: Sink, value: unknown) => void;
  readonly wireType: WireType;
  /** The value that is not sent where a field does not tell whether it is set. */
  readonly zero: unknown;
}

function encodeUnknown(sink: Sink, fields: readonly UnknownField[]): void {
  for (const { no, wireType, data } of fields.toReversed()) {
    sink.raw(data);
    sink.varint(tagOf(no, wireType));
  }
}

function fieldEncoder(field: DescField): FieldEncoder {
  switch (field.fieldKind) {
    case "list":
      return field.packed ? packedEncoder(field) : listEncoder(field);
    case "map":
      return mapEncoder(field);
    default:
      return field.oneof === undefined ? singularEncoder(field) : oneofEncoder(field, field.oneof);
  }
}

function singularEncoder(field: SingularField): FieldEncoder {
  const { localName, number, presence } = field;
  const { encode, wireType, zero } = codecOf(field);
  const tag = tagOf(number, wireType);
  const absent = presence === FeatureSet_FieldPresence.IMPLICIT ? zero : undefined;
  return (sink, message) => {
    const value = message[localName];
    if (value === absent) return;
    encode(sink, value);
    sink.varint(tag);
  };
}

function oneofEncoder(field: SingularField, oneof: DescOneof): FieldEncoder {
  const { localName, number } = field;
  const { encode, wireType } = codecOf(field);
  const tag = tagOf(number, wireType);
  return (sink, message) => {
    const chosen = message[oneof.localName] as { readonly case?: string; readonly value?: unknown };
    if (chosen.case !== localName) return;
    encode(sink, chosen.value);
    sink.varint(tag);
  };
}

function listEncoder(field: ListField): FieldEncoder {
  const { localName, number } = field;
  const { encode, wireType } = codecOf(field);
  const tag = tagOf(number, wireType);
  return (sink, message) => {
    for (const item of (message[localName] as readonly unknown[]).toReversed()) {
      encode(sink, item);
      sink.varint(tag);
    }
  };
}

function packedEncoder(field: ListField): FieldEncoder {
  const { localName, number } = field;
  const { encode } = codecOf(field);
  const tag = tagOf(number, WireType.LengthDelimited);
  return (sink, message) => {
    const items = message[localName] as readonly unknown[];
    if (items.length === 0) return;
    const end = sink.length;
    for (const item of items.toReversed()) encode(sink, item);
    sink.varint(sink.length - end);
    sink.varint(tag);
  };
}

function mapEncoder(field: MapField): FieldEncoder {
  const { localName, number } = field;
  const { encode, wireType } = codecOf(field);
  const key = scalarCodec(field.mapKey);
  const tag = tagOf(number, WireType.LengthDelimited);
  const keyTag = tagOf(1, key.wireType);
  const valueTag = tagOf(2, wireType);
  return (sink, message) => {
    const entries = message[localName] as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(entries).reverse()) {
      const end = sink.length;
      encode(sink, entries[name]);
      sink.varint(valueTag);
      key.encode(sink, name);
      sink.varint(keyTag);
      sink.varint(sink.length - end);
      sink.varint(tag);
    }
  };
}

function codecOf(field: DescField): Codec {
  if (field.message !== undefined) return messageCodec(field.message);
  // Enums are sent as their numbers.
  return scalarCodec(field.scalar ?? ScalarType.INT32);
}

function messageCodec(schema: DescMessage): Codec {
  const encoder = encoderOf(schema);
  return {
    encode: (sink, message) => {
      const end = sink.length;
      encoder(sink, message as Message);
      sink.varint(sink.length - end);
    },
    wireType: WireType.LengthDelimited,
    zero: undefined,
  };
}

function scalarCodec(type: ScalarType): Codec {
  const codec = SCALARS.get(type);
  if (codec === undefined) throw new TypeError(`no request has a ${ScalarType[type]}`);
  return codec;
}

/** The types that requests have. */
const SCALARS: ReadonlyMap<ScalarType, Codec> = new Map<ScalarType, Codec>([
  [
    ScalarType.STRING,
    {
      encode: (sink, value) => {
        const end = sink.length;
        sink.text(value as string);
        sink.varint(sink.length - end);
      },
      wireType: WireType.LengthDelimited,
      zero: "",
    },
  ],
  [
    ScalarType.BYTES,
    {
      encode: (sink, value) => {
        sink.raw(value as Uint8Array);
        sink.varint((value as Uint8Array).length);
      },
      wireType: WireType.LengthDelimited,
      zero: undefined,
    },
  ],
  [
    ScalarType.BOOL,
    {
      encode: (sink, value) => {
        sink.varint(value === true ? 1 : 0);
      },
      wireType: WireType.Varint,
      zero: false,
    },
  ],
  [ScalarType.INT32, { encode: encodeInteger, wireType: WireType.Varint, zero: 0 }],
  [ScalarType.INT64, { encode: encodeInteger, wireType: WireType.Varint, zero: 0n }],
  [ScalarType.UINT64, { encode: encodeInteger, wireType: WireType.Varint, zero: 0n }],
]);

function encodeInteger(sink: Sink, value: unknown): void {
  const number = Number(value);
  if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) {
    sink.varint(number);
    return;
  }
  // Numbers below zero are sent as their complement of 64 bits, those of 32 bits, too.
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value as bigint | number));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  sink.raw(bytes);
}
