// The AWS SDK for JavaScript against the real server.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";

import {
  AddRoleToInstanceProfileCommand, CreateAccessKeyCommand, CreateInstanceProfileCommand, CreateRoleCommand,
  CreateUserCommand, GetUserCommand, IAMClient, ListUsersCommand, NoSuchEntityException, paginateListUsers,
} from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const flags = ["--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn", "--instance-profile", "web"];
let server, endpoint;

before(async () => {
  server = spawn(process.env.IAMD ?? "iamd", flags, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    endpoint = line.split(" ").at(-1);
    break;
  }
});
after(() => server.kill());

const config = (accessKeyId, secretAccessKey = "test") => ({
  endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey },
});

test("a caller learns who it is", async () => {
  const who = await new STSClient(config("400000000001")).send(new GetCallerIdentityCommand());
  assert.equal(who.Arn, "arn:aws:iam::400000000001:root");
});

test("users are made, read and listed in pages", async () => {
  const client = new IAMClient(config("400000000002"));
  const names = ["a", "b", "c"];
  for (const UserName of names) await client.send(new CreateUserCommand({ UserName }));
  const { User } = await client.send(new GetUserCommand({ UserName: "a" }));
  assert.equal(User.Arn, "arn:aws:iam::400000000002:user/a");
  assert.ok(User.CreateDate instanceof Date);
  const found = [];
  for await (const page of paginateListUsers({ client, pageSize: 2 }, {})) {
    found.push(...page.Users.map((user) => user.UserName));
  }
  assert.deepEqual(found, names);
  await assert.rejects(client.send(new GetUserCommand({ UserName: "none" })), NoSuchEntityException);
});

test("a user without policies is denied", async () => {
  const root = new IAMClient(config("400000000003"));
  await root.send(new CreateUserCommand({ UserName: "bob" }));
  const { AccessKey } = await root.send(new CreateAccessKeyCommand({ UserName: "bob" }));
  const bob = new IAMClient(config(AccessKey.AccessKeyId, AccessKey.SecretAccessKey));
  await assert.rejects(bob.send(new ListUsersCommand()), { name: "AccessDenied" });
});

test("an application finds the role of its container and of its instance", async () => {
  const root = new IAMClient(config("test"));
  const trusted = { Service: ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"] };
  const statement = { Effect: "Allow", Principal: trusted, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  const [RoleName, InstanceProfileName] = ["web", "web"];
  await root.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await root.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
  await root.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
  const ways = [
    ["AWS_CONTAINER_CREDENTIALS_FULL_URI", `${endpoint}/credentials/000000000000/web`],
    ["AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint],
  ];
  for (const [name, value] of ways) {
    process.env[name] = value;
    const who = await new STSClient({ endpoint, region: "us-east-1" }).send(new GetCallerIdentityCommand());
    assert.match(who.Arn, /^arn:aws:sts::000000000000:assumed-role\/web\//, name);
    delete process.env[name];
  }
});
