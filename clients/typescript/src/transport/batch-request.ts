/** Writes the messages of the pipeline. */
import { WireType } from "@bufbuild/protobuf/wire";
import { DurationSchema } from "@bufbuild/protobuf/wkt";

import { BatchRequestSchema } from "../gen/statekeeper/v1/batch_pb.js";
import { OperationSchema } from "../gen/statekeeper/v1/operation_pb.js";
import { encoderOf, tagOf } from "../protobuf/encoding.js";
import type { Sink } from "../protobuf/sink.js";
import type { Call } from "./call.js";

/** An operation of a message. */
export interface BatchOperation {
  /** What its result is known by. */
  readonly tag: number;
  /** The number of its request in Operation. */
  readonly field: number;
  readonly call: Call<unknown>;
  readonly timeoutMs: number;
}

/** Writes the BatchRequest of some operations, with their requests as they are. */
export function writeBatchRequest(sink: Sink, operations: readonly BatchOperation[]): void {
  for (const operation of operations.toReversed()) {
    const end = sink.length;
    writeOperation(sink, operation);
    sink.varint(sink.length - end);
    sink.varint(OPERATIONS);
  }
}

const OPERATIONS = tagOf(BatchRequestSchema.field.operations.number, WireType.LengthDelimited);
const TAG = tagOf(OperationSchema.field.tag.number, WireType.Varint);
const TIMEOUT = tagOf(OperationSchema.field.timeout.number, WireType.LengthDelimited);
const SECONDS = tagOf(DurationSchema.field.seconds.number, WireType.Varint);
const NANOS = tagOf(DurationSchema.field.nanos.number, WireType.Varint);

function writeOperation(sink: Sink, { tag, field, call, timeoutMs }: BatchOperation): void {
  sink.varint(tag);
  sink.varint(TAG);
  writeTimeout(sink, timeoutMs);
  const end = sink.length;
  encoderOf(call.method.input)(sink, call.request);
  sink.varint(sink.length - end);
  sink.varint(tagOf(field, WireType.LengthDelimited));
}

function writeTimeout(sink: Sink, timeoutMs: number): void {
  const end = sink.length;
  const seconds = Math.floor(timeoutMs / 1000);
  sink.varint(Math.floor((timeoutMs - seconds * 1000) * 1e6));
  sink.varint(NANOS);
  sink.varint(seconds);
  sink.varint(SECONDS);
  sink.varint(sink.length - end);
  sink.varint(TIMEOUT);
}
