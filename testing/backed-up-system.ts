import { openBackup } from "@/backup/read-backup";
import { restoreBackup } from "@/backup/restore-backup";
import { writeBackup } from "@/backup/write-backup";
import { createDb, type Db } from "@/lib/db/client";
import { signAsAutomate } from "@/testing/backups";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret } from "@/testing/secrets";

export type BackedUpSystem = Awaited<ReturnType<typeof createBackedUpSystem>>;

/** A database with a fabric, two secrets of this value and all sorts of access, and commands to back it up. */
export async function createBackedUpSystem(value: string) {
  const keys = await createTestKeys();
  const urls = await createTestDatabase("automate", { ownRoles: true });
  Object.assign(process.env, keys.automate, keys.web);
  const owner = createDb(urls.ownerUrl);
  const fabric = await createTestFabric(owner, "Straße \\ tab\there");
  for (const id of ["one", "two"])
    await addTestSecret(owner, fabric, urls.webUrl, {
      id,
      subKind: "text",
      versions: [
        { by: "user", fields: { value: "former" } },
        { by: "user", fields: { value } },
      ],
    });
  await addAccess(owner, fabric);
  const sign = signAsAutomate(keys.automate.AUTOMATE_SIGNING_KEY);
  const publicKeys = () => [JSON.parse(keys.web.AUTOMATE_PUBLIC_KEY)];
  const rolePrefix = new URL(urls.ownerUrl).pathname.slice(1);
  return {
    urls,
    owner,
    fabric,
    sign,
    publicKeys,
    rolePrefix,
    back: (parent: string) =>
      writeBackup({ databaseUrl: urls.ownerUrl, parent, sign, publicKeys: publicKeys() }),
    restore: async (from: string, databaseUrl: string, keepAccess = false) =>
      restoreBackup(await openBackup(from, publicKeys()), {
        databaseUrl,
        rolePrefix,
        logins: {},
        keepAccess,
      }),
  };
}

async function addAccess(owner: Db, fabric: TestFabric): Promise<void> {
  const { id, name } = fabric.admin;
  const by = { createdById: id, createdByName: name };
  await owner.session.create({ data: { userId: id } });
  await owner.accessToken.create({ data: { userId: id, name: "scripts", tokenHash: "h1" } });
  await owner.pipelineToken.create({
    data: { fabricId: fabric.fabricId, name: "nightly", tokenHash: "h2", ...by },
  });
  await owner.invitation.create({
    data: {
      teamId: fabric.teamId,
      email: "new@test.example",
      emailKey: "new@test.example",
      role: "user",
      tokenHash: "h3",
      expiresAt: new Date(Date.now() + 86_400_000),
      ...by,
    },
  });
  await owner.rateWindow.create({ data: { actor: "token:1", minute: new Date(), leased: 5 } });
  await owner.checkLease.create({ data: { key: "connection:1", holder: "a", leasedUntil: new Date() } });
  await owner.usedRequest.create({ data: { jti: "used", expiresAt: new Date() } });
}
