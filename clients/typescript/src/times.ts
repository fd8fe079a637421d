/**
 * Instants and spans of time between JavaScript and protobuf.
 *
 * Callers see milliseconds: instants since 1970 as `Date.now()` gives them, spans as
 * `setTimeout` takes them. What is finer stands behind the point, to the microsecond.
 */
import { create } from "@bufbuild/protobuf";
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";

import { invalid, typeName } from "./arguments.js";

/** An instant: milliseconds since 1970, as of `Date.now()`, or a Date. */
export type Instant = number | Date;

// From 0001-01-01 to 9999-12-31: what a Timestamp can hold.
const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_300_799;
const SPAN_MS_MAX = 315_576_000_000_000;

/** Writes an instant, exact to the microsecond; throws an InvalidRequestError. */
export function toTimestamp(instant: unknown, field: string): Timestamp {
  const ms = instant instanceof Date ? instant.getTime() : instant;
  if (typeof ms !== "number" || !Number.isFinite(ms)) {
    throw invalid(
      field,
      `must be milliseconds since 1970 or a valid Date, not ${describe(instant)}`,
    );
  }
  const { seconds, nanos } = split(ms);
  if (seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
    throw invalid(field, "must lie in the years 1 to 9999 (UTC)");
  }
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos });
}

/** Reads a Timestamp as milliseconds since 1970; digits below a microsecond are cut off. */
export function fromTimestamp(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1000) / 1000;
}

/** The same where there may be none. */
export function fromOptionalTimestamp(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined ? undefined : fromTimestamp(timestamp);
}

/** Reads a Timestamp that every such message has; it is 1970 where it has none. */
export function fromPresentTimestamp(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : fromTimestamp(timestamp);
}

/** Gives a span in milliseconds that a caller gave, or throws an InvalidRequestError. */
export function checkedSpan(span: unknown, field: string): number {
  if (typeof span !== "number" || Number.isNaN(span)) {
    throw invalid(field, `must be a number of milliseconds, not ${describe(span)}`);
  }
  if (span < 0) throw invalid(field, "must not be negative");
  if (span > SPAN_MS_MAX) throw invalid(field, "is too long");
  return span;
}

/** Writes a span of milliseconds, exact to the microsecond. */
export function toDuration(spanMs: number): Duration {
  const { seconds, nanos } = split(spanMs);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos });
}

/** Reads a span in milliseconds. */
export function fromDuration(duration: Duration): number {
  return Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}

function split(ms: number): { seconds: number; nanos: number } {
  let seconds = Math.floor(ms / 1000);
  let micros = Math.round((ms - seconds * 1000) * 1000);
  if (micros === 1_000_000) {
    seconds += 1;
    micros = 0;
  }
  return { seconds, nanos: micros * 1000 };
}

function describe(value: unknown): string {
  return typeof value === "number" ? String(value) : typeName(value);
}
