// The AWS SDK for JavaScript through the gateway, before an S3 server that verifies signatures and a DynamoDB server.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";

import {
  CreateTableCommand, DynamoDBClient, GetItemCommand, GetResourcePolicyCommand, PutItemCommand, PutResourcePolicyCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteBucketPolicyCommand, DeleteObjectsCommand, GetBucketPolicyCommand,
  GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";

const require = createRequire(import.meta.url);
const S3rver = require("s3rver");
const dynalite = require("dynalite");

const folder = mkdtempSync(join(tmpdir(), "iamd-gateway-"));
const objects = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory: folder, vhostBuckets: false });
const tables = dynalite({ createTableMs: 0 });
let server, endpoint;

before(async () => {
  const { port } = await objects.run();
  await new Promise((listening) => tables.listen(0, "127.0.0.1", listening));
  const settings = join(folder, "iamd.toml");
  // The S3 server knows one key, and takes no request whose signature it does not verify. Neither server has policies.
  writeFileSync(settings, `[gateway.upstreams.s3]
url = "http://127.0.0.1:${port}"
access-key = "S3RVER"
secret-key = "S3RVER"
policies = "here"
[gateway.upstreams.dynamodb]
url = "http://127.0.0.1:${tables.address().port}"
policies = "here"
`);
  const flags = ["--listen", "127.0.0.1:0", "--database", "memory", "--log-level", "warn", "--config", settings];
  server = spawn(process.env.IAMD ?? "iamd", flags, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    endpoint = line.split(" ").at(-1);
    break;
  }
});
after(async () => {
  server.kill();
  tables.close();
  await objects.close();
  rmSync(folder, { recursive: true });
});

const config = (accessKeyId, secretAccessKey = "test") => ({
  endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey },
});

// The configuration of a new user who may do this on everything.
async function user(UserName, ...Action) {
  const iam = new IAMClient(config("test"));
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action, Resource: "*" } });
  await iam.send(new CreateUserCommand({ UserName }));
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "all", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return config(AccessKey.AccessKeyId, AccessKey.SecretAccessKey);
}

const denied = (name, action) => (error) =>
  error.name === name && error.message.includes(`is not authorized to perform: ${action} on resource`);

test("objects", async () => {
  const root = new S3Client(config("test"));
  const Bucket = "app";
  await root.send(new CreateBucketCommand({ Bucket }));
  await root.send(new PutObjectCommand({ Bucket, Key: "a b/+", Body: "hello" }));
  const Body = Readable.from([Buffer.alloc(100_000, "x"), Buffer.alloc(200_000, "y")]);
  await root.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: 300_000 }));
  await root.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: "app/stream" }));
  const reader = new S3Client(await user("reader", "s3:GetObject"));
  const { Body: copy } = await reader.send(new GetObjectCommand({ Bucket, Key: "copy" }));
  assert.equal((await copy.transformToByteArray()).length, 300_000);
  const { Body: text } = await reader.send(new GetObjectCommand({ Bucket, Key: "a b/+" }));
  assert.equal(await text.transformToString(), "hello");
  await assert.rejects(reader.send(new PutObjectCommand({ Bucket, Key: "k", Body: "" })), denied("AccessDenied", "s3:PutObject"));
  const Objects = [{ Key: "copy" }, { Key: "stream" }];
  await root.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  const { Contents } = await root.send(new ListObjectsV2Command({ Bucket }));
  assert.deepEqual(Contents.map(({ Key }) => Key), ["a b/+"]);
});

test("tables", async () => {
  const root = new DynamoDBClient(config("test"));
  const TableName = "orders";
  await root.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  }));
  const app = new DynamoDBClient(await user("app", "dynamodb:GetItem", "dynamodb:PutItem"));
  const Item = { id: { S: "1" } };
  await app.send(new PutItemCommand({ TableName, Item }));
  assert.deepEqual((await app.send(new GetItemCommand({ TableName, Key: Item }))).Item, Item);
  await assert.rejects(app.send(new ScanCommand({ TableName })), denied("AccessDeniedException", "dynamodb:Scan"));
});

test("policies of servers that have none", async () => {
  const Bucket = "policies";
  const [Key, Item] = ["k", { id: { S: "1" } }];
  const root = { objects: new S3Client(config("test")), tables: new DynamoDBClient(config("test")) };
  // Another account has nothing but what resources give it.
  const other = { objects: new S3Client(config("111122223333")), tables: new DynamoDBClient(config("111122223333")) };
  await root.objects.send(new CreateBucketCommand({ Bucket }));
  await root.objects.send(new PutObjectCommand({ Bucket, Key, Body: "shared" }));
  const read = () => other.objects.send(new GetObjectCommand({ Bucket, Key }));
  await assert.rejects(read(), { name: "AccessDenied" });
  const policy = (Action, Resource) => JSON.stringify({
    Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { AWS: "111122223333" }, Action, Resource }],
  });
  const Policy = policy("s3:GetObject", `arn:aws:s3:::${Bucket}/*`);
  await root.objects.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  assert.equal((await root.objects.send(new GetBucketPolicyCommand({ Bucket }))).Policy, Policy);
  assert.equal(await (await read()).Body.transformToString(), "shared");
  await root.objects.send(new DeleteBucketPolicyCommand({ Bucket }));
  await assert.rejects(read(), { name: "AccessDenied" });

  const TableName = "shared";
  const { TableDescription } = await root.tables.send(new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  }));
  const ResourceArn = TableDescription.TableArn;
  const get = () => other.tables.send(new GetItemCommand({ TableName: ResourceArn, Key: Item }));
  await assert.rejects(get(), { name: "AccessDeniedException" });
  const put = new PutResourcePolicyCommand({ ResourceArn, Policy: policy("dynamodb:GetItem", ResourceArn) });
  const { RevisionId } = await root.tables.send(put);
  assert.equal((await root.tables.send(new GetResourcePolicyCommand({ ResourceArn }))).RevisionId, RevisionId);
  await get().catch((error) => assert.notEqual(error.name, "AccessDeniedException"));
});
