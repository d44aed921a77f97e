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
const pages = ["", "users", "users/alice", "users/alice?tab=credentials", "users/alice?tab=settings",
  "users/alice?tab=tags", "groups", "groups/team", "roles", "roles/reader", "roles/reader?tab=trust", "policies",
  "policies?scope=AWS", "policies/arn:aws:iam::aws:policy/ReadOnlyAccess", "providers", "events",
  "credential-report", "account", "switch-role", "authorization-details", "simulator", "live",
  "policy-editor?kind=user&owner=alice", "policy-editor?kind=trust&owner=reader",
  "instance-profiles", "last-accessed", "organization", "access-map", "settings"];
const views = [
  { name: "wide", viewport: { width: 1600, height: 900 }, colorScheme: "light" },
  { name: "narrow", viewport: { width: 360, height: 740 }, colorScheme: "dark" },
];
const markup = `<img src=x onerror="document.title='hurt'"><script>document.title='hurt'</script>`;
let server, endpoint, browser, denial;

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

// Allows what alice does to a client that calls itself otherwise, and says so in markup.
const hostile = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: "iam:ListUsers", Resource: "*" },
    { Effect: "Allow", Action: "iam:ListRoles", Resource: "*", Condition: { StringEquals: { "aws:UserAgent": `no ${markup}` } } },
  ],
});

test("a person is denied, mends the policy, and succeeds", async () => {
  const root = await browser.newPage();
  root.setDefaultTimeout(10_000);
  await signIn(root, null, "test");
  await root.getByRole("heading", { name: "Dashboard" }).waitFor();
  await root.getByRole("link", { name: "Policies", exact: true }).first().click();
  await send(root, "Create a policy", { "Policy name": "work", "Policy": hostile }, "Create a policy");
  await root.getByRole("link", { name: "work", exact: true }).waitFor();
  await root.goto(`${endpoint}/console/users`);
  await send(root, "Create a user", { "User name": "alice" }, "Create a user");
  await root.getByRole("link", { name: "alice", exact: true }).click();
  await send(root, "Attach a policy", { "ARN of the policy": "arn:aws:iam::000000000000:policy/work" }, "Attach the policy");
  await root.getByRole("link", { name: "Security credentials" }).click();
  await send(root, "Give a password", { "Password": "Correct-Horse-1" }, "Give the password");
  await root.getByText("CreateLoginProfile succeeded").waitFor();

  const context = await browser.newContext({ userAgent: markup });
  const alice = await context.newPage();
  await signIn(alice, "alice", "Correct-Horse-1");
  await alice.getByRole("heading", { name: "Dashboard" }).waitFor();
  await alice.goto(`${endpoint}/console/roles`);
  assert.match(await alice.getByRole("alert").textContent(), /not authorized to perform: iam:ListRoles/);
  denial = (await alice.getByRole("link", { name: "Why?" }).getAttribute("href")).split("/").at(-1);

  // The link as the denial's message has it; alice may not read why, root may.
  await alice.goto(`${endpoint}/console/#/authorization-details/${denial}`);
  await alice.getByText(/not authorized to perform: iam:GetRequestAuthorizationDetails/).waitFor();
  await root.goto(`${endpoint}/console/#/authorization-details/${denial}`);
  await root.getByRole("heading", { name: "Why was iam:ListRoles denied?" }).waitFor();
  await root.getByText("What would allow this?").click();
  await root.getByRole("link", { name: "Edit the policy work" }).click();
  const area = root.locator("textarea.policy");
  assert.match(await area.inputValue(), /iam:ListRoles/);
  await area.fill(policy("iam:ListUsers", "iam:ListRols"));
  await root.getByText('iam has no action "ListRols"').waitFor();
  await root.getByText("Did you mean ListRoles?").waitFor();
  await root.getByRole("button", { name: /^Line 1, column/ }).click();
  assert.notEqual(await area.evaluate((field) => field.selectionStart), 0);
  await area.fill(policy("iam:ListUsers", "iam:ListRoles"));
  await root.locator("pre.diff ins", { hasText: "iam:ListRoles" }).waitFor();
  await root.getByRole("button", { name: "Format" }).click();
  assert.equal((await area.inputValue()).split("\n").length, 13);
  await root.getByRole("button", { name: "Save as a new version in force" }).click();
  await root.getByText("CreatePolicyVersion succeeded").waitFor();
  await alice.goto(`${endpoint}/console/roles`);
  await alice.getByText("There are none yet.").waitFor();
  await context.close();
});

test("decisions are followed as they come", async () => {
  const context = await browser.newContext();
  const root = await context.newPage();
  root.setDefaultTimeout(10_000);
  await signIn(root, null, "test");
  await root.getByRole("heading", { name: "Dashboard" }).waitFor();
  await root.goto(`${endpoint}/console/live?principal=root`);
  await root.getByText("Following.").waitFor();
  const other = await context.newPage();
  await other.goto(`${endpoint}/console/groups`);
  await root.getByRole("link", { name: "iam:ListGroups" }).first().waitFor();
  await root.getByRole("button", { name: "Pause" }).click();
  await other.goto(`${endpoint}/console/providers`);
  await root.getByRole("button", { name: /^Go on \(/ }).click();
  await root.getByRole("link", { name: "iam:ListSAMLProviders" }).first().click();
  await root.getByRole("heading", { name: "ListSAMLProviders" }).waitFor();
  await context.close();
});

test("a simulation is a matrix with reasons", async () => {
  const root = await browser.newPage();
  root.setDefaultTimeout(10_000);
  await signIn(root, null, "test");
  await root.getByRole("heading", { name: "Dashboard" }).waitFor();
  await root.goto(`${endpoint}/console/simulator`);
  const add = root.getByLabel("Add an action");
  await add.fill("iam:ListRole");
  await root.locator("#known-actions option[value='iam:ListRoles']").waitFor({ state: "attached" });
  for (const action of ["iam:ListRoles", "iam:DeleteUser"]) {
    await add.fill(action);
    await add.press("Enter");
  }
  await root.getByLabel("User, group or role").fill("arn:aws:iam::000000000000:user/alice");
  await root.getByRole("button", { name: "Simulate" }).click();
  const allowed = root.locator(".matrix summary", { hasText: /^allowed$/ });
  await allowed.click();
  await root.getByText(/^work \(IAM Policy\), line/).waitFor();
  assert.equal(await root.locator(".matrix summary", { hasText: /^denied$/ }).count(), 1);
});

/** Sends a form as its page would, where to click through many pages would say nothing more. */
async function call(page, operation, parameters) {
  const failed = await page.evaluate(async ([operation, parameters]) => {
    const csrf = document.querySelector("[name=csrf]").value;
    const named = Object.entries(parameters).map(([name, value]) => [`p.${name}`, value]);
    const body = new URLSearchParams([["csrf", csrf], ["operation", operation], ["next", "/console/"], ...named]);
    const answer = await fetch("/console/call", { method: "POST", body });
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".notice.error")?.textContent;
  }, [operation, parameters]);
  assert.equal(failed, undefined, `${operation}: ${failed}`);
}

function trust(principal, more = {}) {
  const statement = { Effect: "Allow", Principal: principal, Action: "sts:AssumeRole", ...more };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

test("the access map shows paths to the pointer, the keyboard and the search", async () => {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
  const page = await context.newPage();
  await signIn(page, null, "test");
  await page.getByRole("heading", { name: "Dashboard" }).waitFor();
  const account = "arn:aws:iam::000000000000";
  await call(page, "iam:CreateGroup", { GroupName: "builders" });
  for (const name of ["mia", "noah"]) {
    await call(page, "iam:CreateUser", { UserName: name });
    await call(page, "iam:AddUserToGroup", { UserName: name, GroupName: "builders" });
  }
  await call(page, "iam:PutGroupPolicy", { GroupName: "builders", PolicyName: "assume", PolicyDocument: policy("sts:AssumeRole") });
  await call(page, "iam:CreateRole", { RoleName: "deployer", AssumeRolePolicyDocument: trust({ AWS: `${account}:root` }) });
  await call(page, "iam:PutRolePolicy", { RoleName: "deployer", PolicyName: "assume", PolicyDocument: policy("sts:AssumeRole") });
  const mfa = { Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } };
  await call(page, "iam:CreateRole", { RoleName: "administrator", AssumeRolePolicyDocument: trust({ AWS: `${account}:role/deployer` }) });
  await call(page, "iam:CreateRole", { RoleName: "break-glass", AssumeRolePolicyDocument: trust({ AWS: `${account}:user/mia` }, mfa) });
  await call(page, "iam:CreateRole", { RoleName: "partner", AssumeRolePolicyDocument: trust({ AWS: "222222222222" }) });
  for (const service of ["ec2", "lambda", "ecs-tasks"]) {
    await call(page, "iam:CreateRole", { RoleName: `${service}-worker`, AssumeRolePolicyDocument: trust({ Service: `${service}.amazonaws.com` }) });
  }
  await page.goto(`${endpoint}/console/access-map`);
  const ways = page.locator(".ways li");
  await ways.first().waitFor();
  const all = await ways.count();
  await page.locator("[data-node]", { hasText: "administrator" }).first().hover();
  await page.locator(".map.chosen").waitFor();
  const shown = await ways.filter({ visible: true }).allTextContents();
  assert.ok(shown.length < all && shown.some((text) => text.startsWith("Role deployer can assume administrator")), shown.join("\n"));
  assert.ok(shown.some((text) => text.startsWith("User noah can assume deployer")), "the whole path");
  assert.ok(!shown.some((text) => text.includes("lambda")));
  await page.mouse.move(0, 0);
  await page.locator(".map svg a").first().focus();
  assert.ok(await ways.filter({ visible: true }).count() < all, "the keyboard shows paths too");
  await page.getByLabel("Find by name").fill("lambda");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=lambda/);
  assert.equal(await ways.count(), 1);
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
  await call(root, "iam:CreateInstanceProfile", { InstanceProfileName: "web" });
  await call(root, "iam:AddRoleToInstanceProfile", { InstanceProfileName: "web", RoleName: "reader" });
  await call(root, "organizations:CreateOrganization", { FeatureSet: "ALL" });
  await root.goto(`${endpoint}/console/organization`);
  await root.getByText("Enable a type of policies").click();
  await root.getByRole("button", { name: "Enable the type" }).click();
  await root.getByText("EnablePolicyType succeeded").waitFor();
  const top = await root.locator(".tree li.depth-0 .id").textContent();
  await call(root, "organizations:CreateOrganizationalUnit", { ParentId: top, Name: "Workloads <b>&amp;</b>" });
  await call(root, "organizations:CreateAccount", { AccountName: "<img src=x onerror=alert(1)>", Email: "dev@example.com" });
  await root.goto(`${endpoint}/console/organization`);
  const unit = await root.locator(".tree .id", { hasText: "ou-" }).textContent();
  const account = await root.locator(".tree li.depth-1 .id", { hasText: /^\d{12}$/ }).last().textContent();
  await root.goto(`${endpoint}/console/last-accessed?arn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Freader`);
  await root.getByText("Make a report", { exact: true }).click();
  await root.getByRole("button", { name: "Make the report" }).click();
  await root.waitForURL(/job=/);
  const report = root.url().split("/console/")[1];
  const places = [...pages, "instance-profiles/web", `organization/${unit}`, `organization/${account}?action=iam:CreateUser`,
    "organization/p-FullAWSAccess", "access-map?q=worker", report];
  const wrong = [];
  for (const { name, ...view } of views) {
    // The rules are evaluated in the page, which its policy forbids scripts of others to do.
    const context = await browser.newContext({ ...view, bypassCSP: true });
    const page = await context.newPage();
    page.on("pageerror", (error) => wrong.push(`${name}: ${error.message}`));
    page.on("dialog", (dialog) => wrong.push(`${name}: markup was run: ${dialog.message()}`));
    const look = async (place) => {
      if (process.env.SCREENSHOTS) {
        const file = `${name}-${place.replaceAll(/[^a-zA-Z0-9]+/g, "-") || "dashboard"}.png`;
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/${file}`, fullPage: true });
      }
      await page.evaluate(axe);
      const { violations } = await page.evaluate("axe.run()");
      wrong.push(...violations.map((one) => `${name} ${place}: ${one.id}: ${one.nodes[0].html}`));
      const beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      if ((await page.title()) === "hurt") wrong.push(`${name} ${place}: markup of others was taken for the page's own`);
      if (beyond > 0) wrong.push(`${name} ${place}: ${beyond} pixels beyond the edge`);
    };
    await page.goto(`${endpoint}/console/signin`);
    await look("signin");
    await signIn(page, null, "test");
    await page.getByRole("heading", { name: "Dashboard" }).waitFor();
    for (const place of [...places, `authorization-details/${denial}`]) {
      await page.goto(`${endpoint}/console/${place}`);
      if (place === "live") await page.locator("[data-live] tbody tr").first().waitFor();
      for (const folded of await page.locator("details:not(.who) > summary").all()) await folded.click();
      await look(place.replace(denial, "one"));
    }
    await page.goto(`${endpoint}/console/simulator`);
    await page.getByLabel("User, group or role").fill("arn:aws:iam::000000000000:user/alice");
    await page.locator("textarea[name=actions]").fill("iam:ListRoles\niam:DeleteUser");
    await page.getByRole("button", { name: "Simulate" }).click();
    for (const cell of await page.locator(".matrix summary").all()) await cell.click();
    await look("simulator-result");
    await page.goto(`${endpoint}/console/policy-editor?kind=managed&owner=arn:aws:iam::000000000000:policy/work`);
    await page.locator("textarea.policy").fill(policy("iam:ListUser", markup));
    await page.locator(".findings li").first().waitFor();
    await look("policy-editor-findings");
    await context.close();
  }
  assert.deepEqual(wrong, []);
});
