/** Writes encoded messages from their end to their beginning. */
import { type Sink, varintLength } from "./sink.js";

/** A buffer that is filled from its end on, and grows where it is too small. */
export class ReverseWriter implements Sink {
  #buffer: Buffer;
  #start: number;

  /** @param capacity - How many bytes there is room for at first. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity);
    this.#start = capacity;
  }

  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** What was written. It is no copy: whoever clears the writer overwrites it. */
  get written(): Buffer {
    return this.#buffer.subarray(this.#start);
  }

  /** Begins anew, in the same buffer. */
  clear(): void {
    this.#start = this.#buffer.length;
  }

  varint(value: number): void {
    let at = this.#room(varintLength(value));
    const buffer = this.#buffer;
    // Beyond 2^31 the operators of bits see but a part of a number.
    for (; value > 0x7fff_ffff; value = Math.floor(value / 0x80)) {
      buffer[at++] = (value % 0x80) | 0x80;
    }
    for (; value > 0x7f; value >>>= 7) buffer[at++] = (value & 0x7f) | 0x80;
    buffer[at] = value;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    const at = this.#room(length);
    // Where each character takes one byte they are ASCII, which is copied as it is.
    this.#buffer.write(value, at, length, length === value.length ? "latin1" : "utf8");
  }

  raw(bytes: ArrayLike<number>): void {
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Makes room before what was written, and gives where it begins. */
  #room(length: number): number {
    if (length > this.#start) this.#grow(length);
    this.#start -= length;
    return this.#start;
  }

  #grow(length: number): void {
    const written = this.written;
    const capacity = Math.max(2 * this.#buffer.length, written.length + length);
    this.#buffer = Buffer.allocUnsafe(capacity);
    this.#start = capacity - written.length;
    this.#buffer.set(written, this.#start);
  }
}
