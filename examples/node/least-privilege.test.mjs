// Tests that what an application may do is what it should.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CreateAccessKeyCommand, DeleteUserCommand, GetUserCommand, IAMClient } from "@aws-sdk/client-iam";

import { account, apply, config, root } from "./iamd.mjs";

const seed = (number) => `
accounts:
  "${number}":
    users:
      auditor:
        inline-policies:
          read: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "iam:Get*", Resource: "*"}]}
`;

/** An IAM client of a user who may only read, and the user's account. */
async function auditor() {
  const number = account();
  await apply(seed(number));
  const { AccessKey } = await new IAMClient(root(number)).send(new CreateAccessKeyCommand({ UserName: "auditor" }));
  return [number, new IAMClient(config(AccessKey.AccessKeyId, AccessKey.SecretAccessKey))];
}

test("an auditor reads", async () => {
  const [number, iam] = await auditor();
  const { User } = await iam.send(new GetUserCommand({ UserName: "auditor" }));
  assert.equal(User.Arn, `arn:aws:iam::${number}:user/auditor`);
});

test("an auditor changes nothing", async () => {
  const [, iam] = await auditor();
  const denied = { name: "AccessDenied", message: /not authorized to perform: iam:DeleteUser/ };
  await assert.rejects(iam.send(new DeleteUserCommand({ UserName: "auditor" })), denied);
});
