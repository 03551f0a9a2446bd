import { findCandidateSecret, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import type { Db } from "@/lib/db/client";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import type { TestFabric } from "@/testing/fabric";

/** A new value of a secret, and its author. By default it keeps every destination. */
export type TestCandidate = { by: "user" | "admin"; fields: Record<string, string>; keeps?: string[] };

/** Writes a candidate as web would store it. Returns the secret at the candidate. Requires `webUrl`, as for `addTestSecret`. */
export async function addTestCandidate(
  owner: Db,
  fabric: TestFabric,
  webUrl: string,
  { id: secretId, version: baseVersion, manifest, metadata, subKind }: SecretWithAuthors,
  { by: role, fields, keeps }: TestCandidate,
): Promise<SecretWithAuthors> {
  const { fabricId } = fabric;
  const { _max } = await owner.secretCandidate.aggregate({ where: { secretId }, _max: { number: true } });
  const number = (_max.number ?? 0) + 1;
  const version = -number;
  process.env.WEB_DATABASE_URL = webUrl;
  const key = await sealingKey(fabricId, owner);
  delete process.env.WEB_DATABASE_URL;
  const sealed = await sealFields(key, { secretId, subKind, version }, fields);
  const former = await owner.allowedDestination.findMany({ where: { secretId, version: baseVersion } });
  const { id: createdById, name: createdByName } = fabric[role];
  await owner.secretCandidate.create({ data: { secretId, number, fabricId, baseVersion } });
  await owner.secretVersion.create({
    data: {
      secretId,
      version,
      fabricId,
      manifest: {
        ...manifest,
        ...Object.fromEntries(Object.keys(fields).map((field) => [field, version])),
      },
      metadata,
      keeps: keeps ?? former.map(({ id }) => id),
      createdById,
      createdByName,
    },
  });
  await owner.secretField.createMany({ data: sealed });
  const candidate = await findCandidateSecret({ fabricId }, secretId, number);
  if (!candidate) throw new Error("It was not written.");
  return candidate;
}
