/** A refund that waits for a person, and a watch that tells of it. */
import { Client } from "statekeeper";

const client = new Client(process.argv[2] ?? "127.0.0.1:7460");
const refund = client.stateManager("refund-17", { namespace: "shop", actor: "billing" });
await refund.delete();

// Whoever approves sees the inbox, and is told of what comes into it.
const inbox = await client.watch({ namespace: "shop", kinds: ["paused"] }).ready();
await refund.pause({
  member: "approve",
  reason: "a refund above 100 needs a person",
  data: { amount: 120n, currency: "EUR" },
});
const { value: event } = await inbox.next();
inbox.close();
console.log("asked:", event?.executionId);
for await (const pause of client.listPauses({ namespace: "shop" })) {
  console.log(pause.executionId, pause.reason, pause.data);
  const answerer = client.stateManager(pause.executionId, { namespace: "shop", actor: "grace" });
  await answerer.resume({ pauseId: pause.pauseId }, { approved: true });
}

// Who waits hears of the answer when it is given.
const state = await refund.waitFor("running", { timeout: 60_000 });
const answer = state.pauses.at(-1)?.resumption;
console.log("answered:", answer?.input, "by", answer?.actor);

// One at a time may pay; the lease is renewed for as long as that takes.
await refund.withLock(async (lock) => {
  console.log("paying, with token", lock.fencingToken);
  await refund.transaction((current) => {
    current.memberOutputs.set("pay", { id: "re_1" });
    current.status = "completed";
  });
});
client.close();
