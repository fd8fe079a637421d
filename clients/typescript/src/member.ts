/** What one member of a workflow sees and writes. */
import { checkedName } from "./arguments.js";
import type { Handle } from "./calls/handle.js";
import { readStateCall, writeStateCall } from "./calls/shared-state.js";
import type { SetStateOptions, SetStateResult, StateView } from "./model/shared-state.js";
import type { CallOptions } from "./requests/write.js";
import type { DocumentInput } from "./values/documents.js";

/**
 * What one member sees of the shared state of an execution, and what it writes.
 *
 * Made by `StateManager.member`. Make one for each run of the member.
 */
export class Member {
  /** The member's name. */
  readonly name: string;
  readonly #handle: Handle;
  #view: Promise<StateView> | undefined;

  /** @internal */
  constructor(handle: Handle, name: string) {
    this.#handle = handle;
    this.name = handle.located(() => checkedName("member", name));
  }

  /**
   * Gives the keys that it uses and that have a value.
   *
   * They cannot be changed, at any depth. They are read at the first look, which is
   * logged, and stay what they were then.
   *
   * @throws StateNotFoundError - The execution does not exist.
   * @throws InvalidRequestError - It has no shared state.
   */
  async state(options: CallOptions = {}): Promise<StateView> {
    this.#view ??= this.#read(options);
    return this.#view;
  }

  /**
   * Writes values, all or none; its own view does not change.
   *
   * @throws StateAccessDeniedError - It may not set a key.
   * @throws SchemaViolationError - A value does not fit; names key, path and rule.
   * @throws StateNotFoundError - The execution does not exist.
   * @throws InvalidRequestError - It has no shared state.
   * @throws SerializationError - A value cannot be sent; names its path.
   * @throws StateTooLargeError - It would become larger than 10 MiB.
   */
  async setState(updates: DocumentInput, options: SetStateOptions = {}): Promise<SetStateResult> {
    const call = writeStateCall(this.#handle, this.name, updates, options);
    return this.#handle.channel.send(call, options.signal);
  }

  async #read({ signal }: CallOptions): Promise<StateView> {
    try {
      return await this.#handle.channel.send(readStateCall(this.#handle, this.name), signal);
    } catch (error) {
      // What could not be read may be at the next look.
      this.#view = undefined;
      throw error;
    }
  }
}
