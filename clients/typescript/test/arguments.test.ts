import { expect, test } from "vitest";

import { Client } from "../src/client.js";
import { InvalidRequestError } from "../src/errors.js";

function fieldOf(make: () => unknown): string | undefined {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.fields[0]?.field;
    throw error;
  }
  return undefined;
}

test.each(["localhost:7460", "[::1]:1", "dns:///name:1", "unix:/run/socket"])(
  "%s is a target",
  (target) => {
    expect(fieldOf(() => new Client(target))).toBeUndefined();
  },
);

test.each(["", "localhost", "http://localhost:1", "::1:7460", "host:0", "host:x", "[::1]"])(
  "'%s' is no target",
  (target) => {
    expect(fieldOf(() => new Client(target))).toBe("target");
  },
);

test("a token is not sent where others could read it", () => {
  const token = "secret";
  expect(fieldOf(() => new Client("example.org:1", { token }))).toBe("token");
  expect(fieldOf(() => new Client("localhost.example.org:1", { token }))).toBe("token");
  expect(fieldOf(() => new Client("127.0.0.1:1", { token: "two words" }))).toBe("token");
  for (const target of ["127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/run/socket"]) {
    expect(fieldOf(() => new Client(target, { token }))).toBeUndefined();
  }
  expect(fieldOf(() => new Client("example.org:1", { token, tls: true }))).toBeUndefined();
});

test("options that are of no use are told by name", () => {
  expect(fieldOf(() => new Client("h:1", { timeout: 0 }))).toBe("timeout");
  expect(fieldOf(() => new Client("h:1", { actor: 1 as never }))).toBe("actor");
  expect(fieldOf(() => new Client("h:1", { tls: { ca: "ca.pem" } }))).toBe("tls.ca");
  expect(fieldOf(() => new Client("h:1", { tls: { cert: "-----BEGIN" } }))).toBe("tls.key");
  const client = new Client("h:1");
  expect(fieldOf(() => client.stateManager(""))).toBe("executionId");
  expect(fieldOf(() => client.stateManager("e", { ttl: -1 }))).toBe("ttl");
  expect(fieldOf(() => client.stateManager("e", { cache: { ttl: -1 } }))).toBe("cache.ttl");
  expect(fieldOf(() => client.list({ pageSize: 0 }))).toBe("pageSize");
  expect(fieldOf(() => client.watch({ kinds: ["nothing" as never] }))).toBe("kinds");
  expect(fieldOf(() => client.watch({ resumeToken: "~" }))).toBe("resumeToken");
});

test("what is wrong with a call rejects, and names the execution", async () => {
  const sm = new Client("h:1").stateManager("e", { namespace: "n" });
  const call = sm.save({ status: "running", colour: "red" } as never);
  await expect(call).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    namespace: "n",
    executionId: "e",
    fields: [{ field: "colour" }],
  });
  await expect(sm.save({} as never)).rejects.toThrow(/^status: /);
  await expect(sm.update({ status: null as never })).rejects.toThrow(/^status: cannot be removed/);
  await expect(sm.load({ revision: 1, checkpoint: "c" })).rejects.toThrow(/^checkpoint: /);
  await expect(sm.resume(undefined as never)).rejects.toThrow(/^token: is required/);
});
