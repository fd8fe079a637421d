/** Plain objects, as JSON knows them. */

/** Tells whether an object is one of JSON: neither of a class, nor anything built in. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of other realms have another Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Sets a property that objects have of their own, whatever it is called. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    // A plain assignment would set the prototype.
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    object[key] = value;
  }
}

/** Freezes a value of JSON at every depth, and gives it. */
export function freeze<Value>(value: Value): Value {
  // A loop and no recursion: values may be nested as deeply as JSON can be.
  const open: unknown[] = [value];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item !== "object" || item === null) continue;
    Object.freeze(item);
    for (const each of Object.values(item) as unknown[]) {
      if (typeof each === "object" && each !== null) open.push(each);
    }
  }
  return value;
}
