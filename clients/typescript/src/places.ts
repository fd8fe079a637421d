/**
 * Places in a watch: what is stored with an event, to go on right after it.
 *
 * The server gives one resume token with each message, and it stands for all events of the
 * message. Who stores the place of one event may have seen no more of the message than
 * that. So the place of an event within a message is the token before it, and what was
 * given since: of each execution the last revision, and how many events of that. A watch
 * that goes on from there passes over what it gets again, of which the revisions tell.
 *
 * As text, a place is the server's token where nothing was given since. Otherwise it is a
 * tilde, and in base64 (URL-safe) the JSON list of the token and a list
 * `[execution_id, revision, events]` for each execution: the same in all languages.
 */

/** An event, by its execution and its revision. */
export interface Mark {
  readonly executionId: string;
  readonly revision: number;
}

/** How many events of the last revision of an execution were given. */
interface Last {
  revision: number;
  events: number;
}

const MARKED = "~";

/** How far a watch has come, and somebody with it. */
export class Place {
  /**
   * @param token - The server's resume token.
   * @param marks - The events that were given since, in order; more may be added to its end.
   * @param count - How many of the marks there were.
   */
  constructor(
    readonly token: string,
    readonly marks: readonly Mark[] = [],
    readonly count = 0,
  ) {}

  /** Gives what can be stored. */
  text(): string {
    if (this.count === 0) return this.token;
    const last = lastOf(this.marks.slice(0, this.count));
    const counts = Array.from(last, ([name, { revision, events }]) => [name, revision, events]);
    const raw = JSON.stringify([this.token, ...counts]);
    return MARKED + Buffer.from(raw).toString("base64url");
  }

  /** Reads what was stored; undefined: it was not made by `text`. */
  static read(text: string): Place | undefined {
    if (!text.startsWith(MARKED)) return new Place(text);
    const body = text.slice(MARKED.length);
    if (!/^[\w-]*$/.test(body)) return undefined;
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.from(body, "base64url").toString());
    } catch {
      return undefined;
    }
    const [token, ...counts] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
    if (typeof token !== "string") return undefined;
    const marks: Mark[] = [];
    for (const count of counts) {
      const [executionId, revision, events] = Array.isArray(count) ? (count as unknown[]) : [];
      if (typeof executionId !== "string" || !isCount(revision) || !isCount(events)) {
        return undefined;
      }
      for (let event = 0; event < events; event++) marks.push({ executionId, revision });
    }
    return new Place(token, marks, marks.length);
  }
}

/** The events that a watch gets again, because they were given after its token. */
export class Given {
  readonly #left: Map<string, Last>;

  /** @param place - From where the watch goes on. */
  constructor(place?: Place) {
    this.#left = lastOf(place?.marks.slice(0, place.count) ?? []);
  }

  /** Tells whether the next event of an execution was given before. */
  has({ executionId, revision }: Mark): boolean {
    const last = this.#left.get(executionId);
    if (last === undefined) return false;
    if (revision < last.revision) return true;
    if (revision === last.revision && last.events > 1) last.events -= 1;
    else this.#left.delete(executionId);
    return revision === last.revision;
  }

  /** Gives the marks of those that have not come again yet. */
  marks(): Mark[] {
    const marks: Mark[] = [];
    for (const [executionId, { revision, events }] of this.#left) {
      for (let event = 0; event < events; event++) marks.push({ executionId, revision });
    }
    return marks;
  }
}

/** Counts the events of the last revision of each execution. */
function lastOf(marks: Iterable<Mark>): Map<string, Last> {
  const counts = new Map<string, Last>();
  for (const { executionId, revision } of marks) {
    const last = counts.get(executionId);
    if (last?.revision === revision) last.events += 1;
    else counts.set(executionId, { revision, events: 1 });
  }
  return counts;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
