/** The test of the document that statekeeper was first described in, nearly word for word. */
import { afterAll, beforeEach, describe, expect, inject, it } from "vitest";

import { Client, type SavableState, StateManager } from "../src/index.js";

const client = new Client(inject("target"));
afterAll(() => {
  client.close();
});

describe("StateManager", () => {
  let stateManager: StateManager;

  beforeEach(async () => {
    stateManager = new StateManager({
      client,
      executionId: "test-exec-123",
    });
    await stateManager.delete();
  });

  it("saves and loads state", async () => {
    const state: SavableState = {
      id: "test-exec-123",
      status: "running",
      startTime: Date.now(),
    };

    await stateManager.save(state);
    const loaded = await stateManager.load();

    expect(loaded).toEqual(state);
    expect(loaded).toStrictEqual(state);
  });

  it("handles pause and resume", async () => {
    const token = await stateManager.pause({
      member: "approval",
      reason: "waiting",
    });

    expect(token.token).toMatch(/^hitl_/);

    await stateManager.resume(token, { approved: true });

    const state = await stateManager.load();
    expect(state?.status).toBe("running");
  });
});
