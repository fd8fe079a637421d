/** Where an encoder puts what it encodes. */

/**
 * Takes the parts of an encoded message from the last to the first.
 *
 * So the length of a part is known when it is to be written: it stands before the part,
 * and comes after it.
 */
export interface Sink {
  /** How many bytes were put so far. */
  readonly length: number;
  /** Puts a whole number from 0 to 2^53 - 1 as a varint. */
  varint(value: number): void;
  /** Puts a text in UTF-8; half of a surrogate pair becomes U+FFFD. */
  text(value: string): void;
  /** Puts bytes as they are. */
  raw(bytes: ArrayLike<number>): void;
}

/** Tells how many bytes an encoded message takes. */
export class Sizer implements Sink {
  length = 0;

  varint(value: number): void {
    this.length += varintLength(value);
  }

  text(value: string): void {
    this.length += Buffer.byteLength(value);
  }

  raw(bytes: ArrayLike<number>): void {
    this.length += bytes.length;
  }
}

/** How many bytes the varint of a whole number from 0 to 2^53 - 1 takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let limit = 0x80; value >= limit; limit *= 0x80) length += 1;
  return length;
}
