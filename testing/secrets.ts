import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Db } from "@/lib/db/client";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import type { TestFabric } from "@/testing/fabric";

/** A sealed secret with its versions in order, each with its author. */
export type TestSecret = {
  id: string;
  /** The id if not given. */
  name?: string;
  subKind: string;
  versions: { by: "user" | "admin"; fields: Record<string, string> }[];
  metadata?: Record<string, string>;
};

/** Writes a secret sealed as web would seal it. Requires `webUrl`, because only web's role seals. */
export async function addTestSecret(
  owner: Db,
  fabric: TestFabric,
  webUrl: string,
  { id, name: given = id, subKind, versions, metadata = {} }: TestSecret,
): Promise<SecretWithAuthors> {
  const { fabricId } = fabric;
  const name = { name: given, nameKey: given.toLowerCase() };
  const by = { createdById: fabric.user.id, createdByName: fabric.user.name };
  const updated = { updatedById: fabric.user.id, updatedByName: fabric.user.name };
  await owner.secret.create({ data: { id, fabricId, ...name, subKind, ...by, ...updated } });
  await owner.secretName.create({ data: { fabricId, ...name, secretId: id } });
  let manifest: Record<string, number> = {};
  for (const [index, { by: role, fields }] of versions.entries()) {
    const version = index + 1;
    process.env.WEB_DATABASE_URL = webUrl;
    const key = await sealingKey(fabricId, owner);
    delete process.env.WEB_DATABASE_URL;
    const sealed = await sealFields(key, { secretId: id, subKind, version }, fields);
    manifest = { ...manifest, ...Object.fromEntries(Object.keys(fields).map((field) => [field, version])) };
    const { id: createdById, name: createdByName } = fabric[role];
    await owner.secretVersion.create({
      data: { secretId: id, version, fabricId, manifest, metadata, createdById, createdByName },
    });
    await owner.secretField.createMany({ data: sealed });
  }
  const secret = await findSecretById({ fabricId }, id);
  if (!secret) throw new Error("It was not written.");
  return secret;
}
