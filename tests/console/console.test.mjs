// The console in a real browser: a person signs in, is denied, mends the policy, and succeeds; every page is held against
// axe-core's rules at two widths, in light and dark. CHROMIUM is the browser's path, SCREENSHOTS a folder for pictures.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pages = ["", "users", "users/alice", "groups", "groups/team", "roles", "roles/reader", "policies", "providers", "events",
  "credential-report", "account", "switch-role"];
const views = [
  { name: "wide", viewport: { width: 1600, height: 900 }, colorScheme: "light" },
  { name: "narrow", viewport: { width: 360, height: 740 }, colorScheme: "dark" },
];
let server, endpoint, browser;

before(async () => {
  server = spawn(process.env.IAMD, ["--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn"]);
  const [line] = await once(createInterface({ input: server.stdout }));
  endpoint = line.split(" ").at(-1);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  server?.kill();
});

function once(lines) {
  return new Promise((read) => lines.once("line", (line) => read([line])));
}

async function signIn(page, user, password) {
  await page.goto(`${endpoint}/console/signin?account=000000000000${user ? "" : "&as=root"}`);
  if (user) await page.getByLabel("IAM user name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
}

/** Opens a form, which is folded up, and fills it in. */
async function send(page, heading, fields, button) {
  await page.getByText(heading, { exact: true }).first().click();
  const form = page.locator("form", { has: page.getByRole("button", { name: button, exact: true }) });
  for (const [label, value] of Object.entries(fields)) {
    const named = page.locator(".label", { hasText: new RegExp(`^${label}$`) });
    await form.locator("label", { has: named }).locator("input, textarea").fill(value);
  }
  await form.getByRole("button", { name: button, exact: true }).click();
}

function policy(...actions) {
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] });
}

test("a person is denied, mends the policy, and succeeds", async () => {
  const root = await browser.newPage();
  root.setDefaultTimeout(10_000);
  await signIn(root, null, "test");
  await root.getByRole("heading", { name: "Dashboard" }).waitFor();
  await root.getByRole("link", { name: "Policies", exact: true }).first().click();
  await send(root, "Create a policy", { "Policy name": "work", "Policy": policy("iam:ListUsers") }, "Create a policy");
  await root.getByRole("link", { name: "work", exact: true }).waitFor();
  await root.goto(`${endpoint}/console/users`);
  await send(root, "Create a user", { "User name": "alice" }, "Create a user");
  await root.getByRole("link", { name: "alice", exact: true }).click();
  await send(root, "Attach a policy", { "ARN of the policy": "arn:aws:iam::000000000000:policy/work" }, "Attach the policy");
  await send(root, "Give a password", { "Password": "Correct-Horse-1" }, "Give the password");
  await root.getByText("CreateLoginProfile succeeded").waitFor();

  const context = await browser.newContext();
  const alice = await context.newPage();
  await signIn(alice, "alice", "Correct-Horse-1");
  await alice.getByRole("heading", { name: "Dashboard" }).waitFor();
  await alice.goto(`${endpoint}/console/roles`);
  assert.match(await alice.getByRole("alert").textContent(), /not authorized to perform: iam:ListRoles/);

  await root.goto(`${endpoint}/console/policies/arn:aws:iam::000000000000:policy/work`);
  await root.getByText("Edit", { exact: true }).click();
  const area = root.locator("textarea.policy");
  await area.fill(policy("iam:ListUsers", "iam:ListRols"));
  await root.getByText('iam has no action "ListRols"').waitFor();
  await area.fill(policy("iam:ListUsers", "iam:ListRoles"));
  await root.getByRole("button", { name: "Save as a new version in force" }).click();
  await root.getByText("CreatePolicyVersion succeeded").waitFor();
  await alice.reload();
  await alice.getByText("There are none yet.").waitFor();
  await context.close();
});

test("every page is clean by axe-core's rules, and fits", async () => {
  const root = await browser.newPage();
  await signIn(root, null, "test");
  await root.getByRole("heading", { name: "Dashboard" }).waitFor();
  await root.goto(`${endpoint}/console/groups`);
  await send(root, "Create a group", { "Group name": "team" }, "Create a group");
  await root.goto(`${endpoint}/console/roles`);
  await send(root, "Create a role", { "Role name": "reader" }, "Create a role");
  const wrong = [];
  for (const { name, ...view } of views) {
    // The rules are evaluated in the page, which its policy forbids scripts of others to do.
    const context = await browser.newContext({ ...view, bypassCSP: true });
    const page = await context.newPage();
    page.on("pageerror", (error) => wrong.push(`${name}: ${error.message}`));
    const look = async (place) => {
      if (process.env.SCREENSHOTS) {
        const file = `${name}-${place.replaceAll("/", "-") || "dashboard"}.png`;
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/${file}`, fullPage: true });
      }
      await page.evaluate(axe);
      const { violations } = await page.evaluate("axe.run()");
      wrong.push(...violations.map((one) => `${name} ${place}: ${one.id}: ${one.nodes[0].html}`));
      const beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      if (beyond > 0) wrong.push(`${name} ${place}: ${beyond} pixels beyond the edge`);
    };
    await page.goto(`${endpoint}/console/signin`);
    await look("signin");
    await signIn(page, null, "test");
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    for (const place of pages) {
      await page.goto(`${endpoint}/console/${place}`);
      await look(place);
    }
    await context.close();
  }
  assert.deepEqual(wrong, []);
});
