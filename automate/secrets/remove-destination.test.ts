import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promoteCandidate } from "@/automate/candidates/promote";
import { undoReplacement } from "@/automate/candidates/undo";
import { removeDestination } from "@/automate/secrets/remove-destination";
import { settleCandidate, settleVersion } from "@/automate/secrets/settle-version";
import type { SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { addTestCandidate } from "@/testing/candidates";
import { createTestDatabase, type TestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

// What an Admin removed stays removed, whatever a User does next.

const kept = "postgres://kept.example.com:5432?tls=verify-full";
const bad = "postgres://bad.example.com:5432?tls=verify-full";
let owner: Db;
let urls: TestDatabase;
let fabric: TestFabric;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  Object.assign(process.env, web, automate);
  urls = await createTestDatabase("automate");
  owner = createDb(urls.ownerUrl);
  fabric = await createTestFabric(owner);
});

afterAll(async () => {
  await closeDb();
  await owner.$disconnect();
});

let count = 0;

/** A secret of the User that may be sent to these destinations. */
async function givenSecret(...destinations: string[]): Promise<SecretWithAuthors> {
  count += 1;
  const versions = [{ by: "user" as const, fields: { value: "former" } }];
  const input = { id: `s${count}`, subKind: "text", versions };
  const secret = await addTestSecret(owner, fabric, urls.webUrl, input);
  for (const destination of destinations) await allow(secret, destination);
  return secret;
}

async function allow({ id: secretId, version }: SecretWithAuthors, destination: string) {
  const { id: createdById, name: createdByName } = fabric.user;
  const by = { fabricId: fabric.fabricId, createdById, createdByName };
  await owner.allowedDestination.create({ data: { ...by, secretId, version, destination } });
}

const candidateOf = (secret: SecretWithAuthors) =>
  addTestCandidate(owner, fabric, urls.webUrl, secret, { by: "user", fields: { value: "next" } });
const settle = (secret: SecretWithAuthors) => settleCandidate(fabric.fabricId, secret.id, 1);
const scope = () => fabric.scope("user", "secret:write");
const promote = ({ id: secretId }: SecretWithAuthors, number = 1) =>
  promoteCandidate(scope(), { secretId, number, accepted: [] });
const undo = ({ id: secretId }: SecretWithAuthors, expectedVersion: number) =>
  undoReplacement(scope(), { secretId, expectedVersion });

async function remove({ id: secretId }: SecretWithAuthors, version: number, destination: string) {
  const row = await owner.allowedDestination.findFirstOrThrow({ where: { secretId, version, destination } });
  await removeDestination(fabric.scope("admin", "destination:write"), row.id);
}

const allowedOf = async ({ id: secretId }: SecretWithAuthors) =>
  (await owner.allowedDestination.findMany({ where: { secretId } }))
    .map(({ version, destination }) => `${version} ${destination}`)
    .sort();

describe("a removed destination", () => {
  test("is not brought back by the promotion of a value that was entered before", async () => {
    const secret = await givenSecret(kept, bad);
    await candidateOf(secret);
    await settle(secret);
    await remove(secret, 1, bad);
    // Nor is the new value tried there meanwhile.
    expect(await allowedOf(secret)).toEqual([`-1 ${kept}`, `1 ${kept}`]);
    expect(await promote(secret)).toEqual({ version: 2 });
    expect(await allowedOf(secret)).toEqual([`1 ${kept}`, `2 ${kept}`]);
  });

  test("is not brought back by an undo", async () => {
    const secret = await givenSecret(kept, bad);
    await candidateOf(secret);
    await promote(secret);
    await remove(secret, 2, bad);
    expect(await undo(secret, 2)).toEqual({ version: 3 });
    expect(await allowedOf(secret)).toEqual([`1 ${kept}`, `2 ${kept}`, `3 ${kept}`]);
  });

  test("is none any more that an Admin saw when they set up a rotation", async () => {
    const { id: secretId } = await givenSecret(kept, bad);
    const rotation = { secretId, fabricId: fabric.fabricId, connectionId: "c", method: "pair" };
    const made = { length: 24, alphabet: "letters_digits", setById: fabric.admin.id, setByName: "A" };
    await owner.passwordRotation.create({ data: { ...rotation, ...made, destinations: [kept, bad] } });
    await remove({ id: secretId } as SecretWithAuthors, 1, bad);
    const { destinations } = await owner.passwordRotation.findUniqueOrThrow({ where: { secretId } });
    expect(destinations).toEqual([kept]);
  });

  describe("that names a certificate authority", () => {
    const under = (authority: SecretWithAuthors, version: number) => `${bad}&ca=${authority.id}.${version}`;

    async function given() {
      const authority = await givenSecret(bad);
      return { authority, secret: await givenSecret(under(authority, 1)) };
    }

    test("is not brought back by a renewal of the authority that was entered before", async () => {
      const { authority, secret } = await given();
      await candidateOf(authority);
      await settle(authority);
      await remove(secret, 1, under(authority, 1));
      await promote(authority);
      expect(await allowedOf(secret)).toEqual([]);
    });

    test("is not brought back by an undo of a renewal", async () => {
      const { authority, secret } = await given();
      await candidateOf(authority);
      await promote(authority);
      expect(await allowedOf(secret)).toEqual([`1 ${under(authority, 1)}`, `1 ${under(authority, 2)}`]);
      await remove(secret, 1, under(authority, 2));
      await undo(authority, 2);
      expect(await allowedOf(secret)).toEqual([]);
    });

    test("with a former version of it takes nothing from the present one", async () => {
      const { authority, secret } = await given();
      await candidateOf(authority);
      await promote(authority);
      await remove(secret, 1, under(authority, 1));
      expect(await allowedOf(secret)).toEqual([`1 ${under(authority, 2)}`]);
    });
  });

  test("is not brought back by acts at the same moment", async () => {
    for (let round = 0; round < 5; round += 1) {
      const secret = await givenSecret(kept, bad);
      await candidateOf(secret);
      await Promise.all([promote(secret), remove(secret, 1, bad).catch(() => {})]);
      expect(await allowedOf(secret)).not.toContain(`2 ${bad}`);
      const undone = await givenSecret(kept, bad);
      await candidateOf(undone);
      await promote(undone);
      await Promise.all([undo(undone, 2), remove(undone, 2, bad)]);
      await settleVersion(fabric.fabricId, undone.id);
      expect(await allowedOf(undone)).not.toContain(`3 ${bad}`);
    }
  });
});
