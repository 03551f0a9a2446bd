import { v7 as uuidv7 } from "uuid";
import type { Db } from "@/lib/db/client";
import type { TestFabric } from "@/testing/fabric";

/** Notes that the mail of an address reaches its person. */
export async function verifyTestAddress(
  owner: Db,
  { id, email }: { id: string; email: string },
): Promise<void> {
  await owner.verifiedAddress.create({
    data: { userId: id, emailKey: email.toLowerCase(), method: "code" },
  });
}

/** A secret of the User without a value, which expires at `expiresAt`. Returns its id. */
export async function addExpiringSecret(
  owner: Db,
  { fabricId, user }: TestFabric,
  expiresAt: Date,
  { name = "password", ownerId }: { name?: string; ownerId?: string } = {},
): Promise<string> {
  const by = { createdById: user.id, createdByName: user.name };
  const id = uuidv7();
  await owner.secret.create({
    data: {
      ...{
        id,
        fabricId,
        name,
        nameKey: `${name} ${id}`,
        subKind: "text",
        expiresAt,
        expirySource: "entered",
      },
      ...{ ...by, updatedById: user.id, updatedByName: user.name },
      ...(ownerId === undefined ? {} : { ownerId, ownerSince: new Date() }),
      versions: { create: { version: 1, fabricId, manifest: {}, metadata: {}, ...by } },
    },
  });
  return id;
}
