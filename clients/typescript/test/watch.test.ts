import { create } from "@bufbuild/protobuf";
import { status as Code } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";

import { Client } from "../src/client.js";
import { RevisionCompactedError, UnavailableError } from "../src/errors.js";
import { EventKind } from "../src/gen/statekeeper/v1/history_pb.js";
import { type WatchRequest, WatchResponseSchema } from "../src/gen/statekeeper/v1/watch_pb.js";
import { failureOf, FakeService, type FakeWatch, statusOf } from "./support/fake-service.js";
import { Proxy } from "./support/proxy.js";

let service: FakeService;
let proxy: Proxy;
let client: Client;
let requests: WatchRequest[];

beforeEach(async () => {
  service = await FakeService.start();
  proxy = await Proxy.to(service.target);
  client = new Client(proxy.target);
  requests = [];
});

afterEach(() => {
  client.close();
  proxy.stop();
  service.stop();
});

/** What each stream does, one after the other. */
function streams(...acts: ((stream: FakeWatch) => void)[]): void {
  service.behaviour.watch = (stream) => {
    requests.push(stream.request);
    acts[requests.length - 1]?.(stream);
  };
}

function heartbeat(resumeToken: string): ReturnType<typeof message> {
  return create(WatchResponseSchema, { heartbeat: true, resumeToken });
}

function message(resumeToken: string, ...revisions: number[]) {
  const key = { namespace: "n", executionId: "e" };
  const kind = EventKind.UPDATED;
  return create(WatchResponseSchema, {
    resumeToken,
    events: revisions.map((revision) => ({ kind, key, revision: BigInt(revision) })),
  });
}

async function revisions(count: number, options = {}): Promise<number[]> {
  const told: number[] = [];
  for await (const event of client.stateManager("e", { namespace: "n" }).watch(options)) {
    told.push(event.revision);
    if (told.length === count) break;
  }
  return told;
}

test("a broken stream is gone on with from where it was", async () => {
  streams(
    (stream) => {
      stream.write(heartbeat("t0"));
      stream.write(message("t2", 1, 2));
      setTimeout(() => {
        proxy.cut();
      }, 50);
    },
    (stream) => {
      stream.write(heartbeat("t2"));
      stream.write(message("t3", 3));
    },
  );
  expect(await revisions(3)).toEqual([1, 2, 3]);
  expect(requests[1]?.start).toEqual({ case: "resumeToken", value: "t2" });
});

test("what comes again after a break in the midst of a revision is passed over", async () => {
  streams(
    (stream) => {
      stream.write(heartbeat("t0"));
      // Without a token: the events of the revision go on in the next message.
      stream.write(message("", 1, 2, 2));
      setTimeout(() => {
        proxy.cut();
      }, 50);
    },
    (stream) => {
      stream.write(message("t3", 1, 2, 2, 2, 3));
    },
  );
  expect(await revisions(5)).toEqual([1, 2, 2, 2, 3]);
  expect(requests[1]?.start).toEqual({ case: "resumeToken", value: "t0" });
});

test("the place of an event in the midst of a message is gone on from", async () => {
  streams(
    (stream) => {
      stream.write(heartbeat("t0"));
      stream.write(message("t3", 1, 2, 3));
    },
    (stream) => {
      stream.write(message("t3", 1, 2, 3));
    },
  );
  const sm = client.stateManager("e", { namespace: "n" });
  const tokens: string[] = [];
  for await (const event of sm.watch()) {
    tokens.push(event.resumeToken);
    if (tokens.length === 3) break;
  }
  expect(tokens[2]).toBe("t3");
  expect(await revisions(2, { resumeToken: tokens[0] })).toEqual([2, 3]);
});

test("a stream that is silent for three heartbeats is broken", async () => {
  streams(
    (stream) => {
      stream.write(heartbeat("t0"));
    },
    (stream) => {
      stream.write(message("t1", 1));
    },
  );
  const began = performance.now();
  expect(await revisions(1, { heartbeat: 100 })).toEqual([1]);
  expect(performance.now() - began).toBeGreaterThan(290);
});

test("an overloaded server is left alone for the time that it names", async () => {
  const overloaded = statusOf(Code.RESOURCE_EXHAUSTED, "OVERLOADED", {}, 150);
  streams(
    (stream) => {
      stream.emit("error", failureOf(overloaded));
    },
    (stream) => {
      stream.write(message("t1", 1));
    },
  );
  const began = performance.now();
  expect(await revisions(1)).toEqual([1]);
  expect(performance.now() - began).toBeGreaterThan(145);
});

test("what is no longer kept is told, or begun again with a snapshot", async () => {
  const compacted = statusOf(Code.OUT_OF_RANGE, "REVISION_COMPACTED", { oldest_revision: "7" });
  const refuse = (stream: FakeWatch): void => {
    stream.emit("error", failureOf(compacted));
  };
  streams(refuse, refuse, (stream) => {
    stream.write(heartbeat("t8"));
    stream.write(create(WatchResponseSchema, { resumeToken: "t9", snapshotComplete: true }));
  });
  const raised = revisions(1, { resumeToken: "t0" });
  await expect(raised).rejects.toThrow(RevisionCompactedError);
  await expect(raised).rejects.toMatchObject({ oldestRevision: 7 });
  const kinds: string[] = [];
  const options = { resumeToken: "t0", onCompacted: "snapshot" } as const;
  for await (const event of client.watch({ namespace: "n", ...options })) {
    kinds.push(event.kind);
    if (kinds.length === 2) break;
  }
  expect(kinds).toEqual(["gap", "snapshot_complete"]);
  expect(requests[2]?.start).toEqual({ case: "snapshot", value: true });
});

test("a server that cannot be reached is given up after the time that is said", async () => {
  streams((stream) => {
    stream.write(heartbeat("t0"));
  });
  const watch = await client.watch({ giveUpAfter: 300 }).ready();
  service.stop();
  await expect(watch.next()).rejects.toThrow(UnavailableError);
  expect(await watch.next()).toEqual({ done: true, value: undefined });
});

test("a watch ends when it is closed, also while somebody waits for it", async () => {
  streams((stream) => {
    stream.write(heartbeat("t0"));
  });
  const watch = await client.watch().ready();
  const step = watch.next();
  setTimeout(() => {
    watch.close();
  }, 20);
  expect(await step).toEqual({ done: true, value: undefined });
  expect(watch.resumeToken).toBe("t0");
});

test("a signal that is aborted ends a watch with CANCELLED", async () => {
  streams((stream) => {
    stream.write(heartbeat("t0"));
  });
  const cancel = new AbortController();
  const watch = await client.watch({ signal: cancel.signal }).ready();
  const step = watch.next();
  cancel.abort();
  await expect(step).rejects.toMatchObject({ code: "CANCELLED" });
});
