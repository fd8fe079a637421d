/**
 * The examples of the document that statekeeper was first described in, nearly word for
 * word: what was `env` there is `client` here.
 *
 *     npx tsc -p examples && node examples/dist/state-manager.js 127.0.0.1:7460
 */
import assert from "node:assert/strict";

import {
  Client,
  type LoadedState,
  migrateState,
  type SavableState,
  StateError,
  StateManager,
} from "statekeeper";

const client = new Client(process.argv[2]);

const stateManager = new StateManager({
  client,
  executionId: "exec_abc123",
  ttl: 7 * 24 * 60 * 60 * 1000, // 7 days
});
await stateManager.delete();

// save, load, update
await stateManager.save({
  id: "exec_abc123",
  status: "running",
  input: { orderId: "ORD-123" },
  context: { userId: "user_123" },
  memberOutputs: new Map<string, unknown>([
    ["validate-order", { valid: true }],
    ["calculate-total", { amount: 99.99 }],
  ]),
  currentMember: "process-payment",
  startTime: Date.now(),
});

const state = await stateManager.load();
if (state) {
  console.log(`Status: ${state.status}`);
  console.log(`Current member: ${state.currentMember ?? "none"}`);
} else {
  console.log("State not found");
}
assert(state?.memberOutputs instanceof Map);

// Update status and current member
await stateManager.update({
  status: "waiting",
  currentMember: "approval-step",
});

// Add member output
await stateManager.update({
  memberOutputs: new Map([["process-payment", { paymentId: "ch_123" }]]),
});

// pause, resume
const token = await stateManager.pause({
  member: "approval-step",
  reason: "waiting_for_approval",
  data: {
    approvalUrl: "https://app.example.com/approve/123",
    requestedBy: "user_123",
  },
  expiresAt: Date.now() + 24 * 60 * 60 * 1000, // 24 hours
});
console.log(`Resume with: ${token.toString()}`);

await stateManager.resume(token, {
  approved: true,
  comments: "Looks good",
});

// Save checkpoint before critical operation
await stateManager.checkpoint("before-payment");
try {
  await processPayment();
} catch {
  // Restore from checkpoint
  await stateManager.restore("before-payment");
}
for (const { name, timestamp } of await stateManager.listCheckpoints()) {
  console.log(`Checkpoint ${name} of ${new Date(timestamp).toDateString()}`);
}

// lock, unlock
const locked = await stateManager.lock({ timeout: 60000 });
if (locked) {
  try {
    // Perform exclusive operation
    assert(await stateManager.isLocked());
  } finally {
    await stateManager.unlock();
  }
}

// Optimistic updates: load current state
const current = await stateManager.load();
assert(current?.memberOutputs);
await stateManager.update({ context: { writtenBy: "another process" } });

// Modify state
current.memberOutputs.set("new-member", { result: "success" });

// Save with optimistic locking
try {
  await stateManager.save(current);
} catch (error) {
  if (error instanceof StateError && error.code === "CONFLICT") {
    // State was modified by another process: reload and retry
    const fresh = await stateManager.load();
    assert(fresh?.memberOutputs);
    fresh.memberOutputs.set("new-member", { result: "success" });
    await stateManager.save(fresh);
  }
}

// Transactional updates
await stateManager.transaction(async (state) => {
  // Atomic state modifications
  state.memberOutputs.set("payment", { id: "ch_123" });
  state.currentMember = "send-confirmation";
  state.metadata.paymentProcessed = true;
  // All changes committed or rolled back together
});

// State migration
const oldState = await stateManager.load();
assert(oldState);
const newState = migrateState(oldState, {
  to: "2.0.0",
  transformers: [
    // Custom transformation logic
    (state: LoadedState) => ({
      ...state,
      context: { ...state.context, newField: "default-value" },
    }),
  ],
});
await stateManager.save(newState);

// Error handling
try {
  await stateManager.restore("never-made");
} catch (error) {
  if (error instanceof StateError) {
    console.error("State error:", {
      code: error.code,
      message: error.message,
      executionId: error.executionId,
    });
  }
}

// Batch operations: save multiple states in parallel
const manager1 = new StateManager({ client, executionId: "exec_1" });
const manager2 = new StateManager({ client, executionId: "exec_2" });
const manager3 = new StateManager({ client, executionId: "exec_3" });
const state1: SavableState = { status: "running" };
await Promise.all([manager1.save(state1), manager2.save(state1), manager3.save(state1)]);

// Caching
const cached = new StateManager({
  client,
  executionId: "exec_abc123",
  cache: {
    enabled: true,
    ttl: 60000, // 1 minute
  },
});
// First load - from the server
await cached.load();
// Second load - from cache
const state2 = await cached.load(); // Fast!
console.log(`Layout ${state2?.schemaVersion ?? "none"}, at revision ${String(state2?.revision)}`);

// Clean up after completion
await stateManager.delete();
client.close();

async function processPayment(): Promise<never> {
  await stateManager.update({ context: { charged: "twice" } });
  throw new Error("the card was refused");
}
