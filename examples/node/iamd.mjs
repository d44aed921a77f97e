// A fixture for Node's test runner: one iamd for a test file, an AWS account of its own for every test.
//
// Copy this file beside your tests. The server is found on PATH, or where the variable IAMD says. Clients are those of
// your own @aws-sdk packages: new IAMClient(root(account)).

import { spawn } from "node:child_process";
import { after, before } from "node:test";
import { createInterface } from "node:readline";

const flags = ["--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn"];
// Test files run at the same time, but each has a server of its own.
let number = 500_000_000_000;
let server, endpoint;

before(async () => {
  server = spawn(process.env.IAMD ?? "iamd", flags, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", () => reject(new Error("iamd does not start")));
    // The first line ends with the URL, once the server listens.
    createInterface({ input: server.stdout }).once("line", (line) => {
      endpoint = line.split(" ").at(-1);
      server.stdout.resume();
      resolve();
    });
  });
});
after(() => server.kill());

/** Twelve digits that no other test has. */
export function account() {
  return String(++number);
}

/** The configuration of a client with these credentials. */
export function config(accessKeyId, secretAccessKey, sessionToken) {
  return { endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey, sessionToken } };
}

/** The configuration of a client as the root user of an account. */
export function root(account) {
  return config(account, "test");
}

/** Applies a file of accounts, an account of AWS or a template; what was made, and the secrets that were. */
export async function apply(text, name = "accounts.yaml", account = undefined) {
  const body = JSON.stringify({ files: [{ name, text }], account });
  const answer = await fetch(`${endpoint}/_iamd/apply`, { method: "POST", body });
  const applied = await answer.json();
  if (!answer.ok) throw new Error(applied.error);
  return applied;
}
