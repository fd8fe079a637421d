/** The examples, and the one in the README, run against a server. */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

import { expect, inject, test } from "vitest";

const run = promisify(execFile);

// `make test` has built them.
const BUILT = "examples/dist";

async function output(file: string): Promise<string> {
  const { stdout } = await run("node", [`${BUILT}/${file}`, inject("target")]);
  return stdout;
}

test.each([
  ["first.js", "CONFLICT"],
  ["approval.js", "answered: { approved: true } by grace"],
  ["state-manager.js", "Layout 2.0.0"],
])("%s runs", async (file, told) => {
  expect(await output(file)).toContain(told);
});

test("the first example of the README runs", async () => {
  const readme = await readFile("README.md", "utf8");
  const [, code = ""] = /```js\n(.*?)```/s.exec(readme) ?? [];
  expect(code).toContain("127.0.0.1:7460");
  await mkdir(BUILT, { recursive: true });
  await writeFile(`${BUILT}/readme.mjs`, code.replace("127.0.0.1:7460", inject("target")));
  expect(await output("readme.mjs")).toContain("CONFLICT");
});
