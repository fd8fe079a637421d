/** A parser of JSON (RFC 8259) that keeps integers of any size. */
import { setOwn } from "./objects.js";

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
// Up to the end of a text: what is no quote, and what stands behind a backslash.
const TEXT_END = /["\\]/g;
const WORDS: readonly (readonly [string, unknown])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/**
 * Gives the value of a JSON text, integers out of the safe range as bigint.
 *
 * @throws SyntaxError - It is not JSON, or has a number beyond the range of numbers.
 */
export function parseExactly(text: string): unknown {
  return new Parser(text).whole();
}

class Parser {
  #at = 0;

  constructor(private readonly text: string) {}

  whole(): unknown {
    const value = this.#value();
    if (this.#at < this.text.length) throw this.#error();
    return value;
  }

  #value(): unknown {
    this.#skipSpace();
    const value = this.#bare();
    this.#skipSpace();
    return value;
  }

  #bare(): unknown {
    switch (this.text[this.#at]) {
      case "{":
        return this.#object();
      case "[":
        return this.#array();
      case '"':
        return this.#string();
      default:
        return this.#number() ?? this.#word();
    }
  }

  #object(): object {
    const members: Record<string, unknown> = {};
    this.#at += 1;
    this.#skipSpace();
    if (this.#passes("}")) return members;
    do {
      this.#skipSpace();
      if (this.text[this.#at] !== '"') throw this.#error();
      const key = this.#string();
      this.#skipSpace();
      if (!this.#passes(":")) throw this.#error();
      setOwn(members, key, this.#value());
    } while (this.#passes(","));
    if (!this.#passes("}")) throw this.#error();
    return members;
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    this.#at += 1;
    this.#skipSpace();
    if (this.#passes("]")) return items;
    do {
      items.push(this.#value());
    } while (this.#passes(","));
    if (!this.#passes("]")) throw this.#error();
    return items;
  }

  #string(): string {
    const from = this.#at;
    TEXT_END.lastIndex = from + 1;
    for (;;) {
      const end = TEXT_END.exec(this.text);
      if (end === null) throw this.#error();
      if (end[0] === '"') break;
      TEXT_END.lastIndex = end.index + 2;
    }
    this.#at = TEXT_END.lastIndex;
    return JSON.parse(this.text.slice(from, this.#at)) as string;
  }

  #number(): number | bigint | undefined {
    NUMBER.lastIndex = this.#at;
    const [digits] = NUMBER.exec(this.text) ?? [];
    if (digits === undefined) return undefined;
    const value = Number(digits);
    if (!Number.isFinite(value) && !isInteger(digits)) {
      throw new SyntaxError(`${digits} is beyond the range of numbers`);
    }
    this.#at += digits.length;
    return Number.isSafeInteger(value) || !isInteger(digits) ? value : BigInt(digits);
  }

  #word(): unknown {
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    throw this.#error();
  }

  #passes(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.text);
    this.#at = SPACE.lastIndex;
  }

  #error(): SyntaxError {
    const found = this.#at < this.text.length ? `'${this.text[this.#at] ?? ""}'` : "the end";
    return new SyntaxError(`not JSON: ${found} at position ${String(this.#at)}`);
  }
}

function isInteger(digits: string): boolean {
  return !/[.eE]/.test(digits);
}
