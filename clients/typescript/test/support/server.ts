/** A server of statekeeper for the tests that need a real one. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The server's address. */
    target: string;
  }
}

const READY = /^statekeeper listening on (\S+)$/;

/** Starts one server for all tests, and ends it after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "statekeeper-"));
  const server = spawn(
    process.env.PY ?? "../../.venv/bin/python",
    ["-m", "statekeeper_server", "serve", "--data-dir", folder, "--listen", "127.0.0.1:0"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  project.provide("target", await addressOf(server));
  return async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill();
    await ended;
    await rm(folder, { recursive: true });
  };
}

function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => {
      reject(new Error(`the server has ended with ${String(code)}`));
    });
    if (server.stdout === null) return;
    createInterface({ input: server.stdout }).on("line", (line) => {
      const address = READY.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}
