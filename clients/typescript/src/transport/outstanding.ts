/** What waits for an answer, in the order in which it came. */

// A power of two, as all later ones are.
const CAPACITY = 256;

/**
 * Items by numbers, which are given in ascending order.
 *
 * It is a ring, and not a Map. A Map makes a new table whenever it has grown or shrunk,
 * and the old one leads to the new one. So when V8 has once moved a table to where it
 * keeps what is old, it keeps all later ones with all that was ever in them, until it
 * collects the garbage of its whole heap; and with a queue it soon does nothing else.
 */
export class Outstanding<Item> {
  // The item of number n is at n modulo the length.
  #ring = new Array<Item | undefined>(CAPACITY).fill(undefined);
  #begin = 1;
  #end = 1;
  #size = 0;

  /** How many items there are. */
  get size(): number {
    return this.#size;
  }

  /** The number of the first item; the end where there is none. */
  get begin(): number {
    return this.#begin;
  }

  /** The number that the next item will get. */
  get end(): number {
    return this.#end;
  }

  /** Adds an item, and gives its number. */
  add(item: Item): number {
    if (this.#end - this.#begin === this.#ring.length) this.#grow();
    const number = this.#end;
    this.#ring[number % this.#ring.length] = item;
    this.#end += 1;
    this.#size += 1;
    return number;
  }

  /** Gives an item; undefined: it was removed. */
  get(number: number): Item | undefined {
    if (number < this.#begin || number >= this.#end) return undefined;
    return this.#ring[number % this.#ring.length];
  }

  /** Removes an item, and gives it; undefined: it was removed before. */
  remove(number: number): Item | undefined {
    const item = this.get(number);
    if (item === undefined) return undefined;
    this.#ring[number % this.#ring.length] = undefined;
    this.#size -= 1;
    while (this.#begin < this.#end && this.get(this.#begin) === undefined) this.#begin += 1;
    return item;
  }

  #grow(): void {
    const ring = new Array<Item | undefined>(2 * this.#ring.length).fill(undefined);
    for (let number = this.#begin; number < this.#end; number++) {
      ring[number % ring.length] = this.get(number);
    }
    this.#ring = ring;
  }
}
