/** What the commands have given names to. */
import type {
  Client,
  LoadedState,
  Lock,
  Member,
  StateManager,
} from "statekeeper";

import type { OpenWatch } from "./watches.js";

/** A command of the runner. */
export type Command = Readonly<Record<string, unknown>>;

/** Does one command; the signal is aborted when it is cancelled. */
export type Act = (
  session: Session,
  command: Command,
  signal: AbortSignal,
) => unknown;

/** The clients of this driver, and what was made with them. */
export class Session {
  readonly underWay = new Map<number, AbortController>();
  readonly clients = new Names<Client>("client");
  readonly managers = new Names<StateManager>("manager");
  readonly states = new Names<LoadedState>("state");
  /** Null: somebody else had it. */
  readonly locks = new Names<Lock | null>("lock");
  readonly watches = new Names<OpenWatch>("watch");
  readonly members = new Names<Member>("member");

  constructor(private readonly commands: Readonly<Record<string, Act>>) {}

  /** Does a command; gives its result. */
  async do(command: Command, signal: AbortSignal): Promise<unknown> {
    const name = String(command.do);
    const act = this.commands[name];
    if (act === undefined) throw new Error(`there is no command '${name}'`);
    // What JSON has no word for is null to the runner.
    return (await act(this, command, signal)) ?? null;
  }

  /** Gives the handle that a command names. */
  manager(command: Command): StateManager {
    return this.managers.of(command);
  }

  /** Closes and forgets everything. */
  reset(): void {
    for (const { watch } of this.watches.values()) watch.close();
    for (const client of this.clients.values()) client.close();
    for (const names of [this.clients, this.managers, this.states])
      names.clear();
    for (const names of [this.locks, this.watches, this.members]) names.clear();
  }
}

/** Things by the names that commands give them. */
export class Names<Thing> extends Map<string, Thing> {
  constructor(private readonly kind: string) {
    super();
  }

  /** Gives the thing that a command names. */
  of(command: Command): Thing {
    const name = String(command[this.kind]);
    const thing = this.get(name);
    if (thing === undefined)
      throw new Error(`there is no ${this.kind} '${name}'`);
    return thing;
  }

  /** Notes the thing that a command names. */
  put(command: Command, thing: Thing): void {
    this.set(String(command[this.kind]), thing);
  }
}
