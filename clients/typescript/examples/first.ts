/** A state that outlives its process, and who comes too late. */
import { Client, ConflictError } from "statekeeper";

const client = new Client(process.argv[2] ?? "127.0.0.1:7460");
const order = client.stateManager("order-1001", { namespace: "shop" });

// Save the state, then add what each step gives back. Once a call has returned, neither
// `kill -9` nor a power cut takes it away.
await order.save({ status: "running", input: { amount: 39.9 } });
await order.update({ memberOutputs: { payment: { id: "ch_123" } } });

// Any process may go on from here. (Where nothing is stored, load gives null.)
const state = await order.load();
if (state === null) throw new Error("the order is gone");
console.log(state.status, state.memberOutputs); // running Map(1) { 'payment' => { id: 'ch_123' } }

// What was loaded is saved only if nobody else has written since.
await order.update({ status: "waiting" });
state.context = { note: "written by someone who came too late" };
try {
  await order.save(state);
} catch (error) {
  if (!(error instanceof ConflictError)) throw error;
  console.log(error.code); // CONFLICT
}

client.close();
