import type { FastifyInstance } from "fastify";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createRuntimeApp } from "@/automate/app";
import { newPipelineToken } from "@/lib/access/pipeline";
import { closeDb, createDb, type Db } from "@/lib/db/client";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";
import { addTestSecret, type TestSecret } from "@/testing/secrets";

/** A secret with one version, by its fields. */
export type SeededSecret = Omit<TestSecret, "versions"> & { fields: Record<string, string> };

/** The Vault dialect on a port, with what its tests and its clients share. */
export type VaultDialect = {
  owner: Db;
  /** The database URL of web's role, which seals. */
  webUrl: string;
  app: FastifyInstance;
  /** The address of automate, without a path. */
  url: string;
  fabric: TestFabric;
  other: TestFabric;
  /** The fabric's name as one word. */
  mount: string;
  /** An unlimited pipeline token of the fabric. */
  token: string;
  addToken(fabric: TestFabric, more?: object): Promise<string>;
  /** Writes a connection to PostgreSQL at db.example.com, whose password is this secret. */
  addConnection(name: string, secretId: string): Promise<void>;
  /** An Admin allows that destination for version 1 of the secret. */
  allow(secretId: string): Promise<void>;
  /** Returns a token of an issuer that the fabric trusts, as Kubernetes gives it to a service account. */
  workloadToken(): Promise<string>;
  close(): Promise<void>;
};

const issuer = "https://kubernetes.test.example";

/** Starts the dialect over a new database and fabric, which has these secrets. */
export async function startVaultDialect(secrets: readonly SeededSecret[]): Promise<VaultDialect> {
  const { web, automate } = await createTestKeys();
  const { ownerUrl, webUrl } = await createTestDatabase("automate");
  Object.assign(process.env, web, automate, { AUTOMATE_URL: "http://automate.test" });
  const owner = createDb(ownerUrl);
  const [fabric, other] = [await createTestFabric(owner, "Sales"), await createTestFabric(owner, "theirs")];
  for (const { fields, ...secret } of secrets)
    await addTestSecret(owner, fabric, webUrl, { ...secret, versions: [{ by: "user", fields }] });
  const app = createRuntimeApp({ keys: fabric.keys, logger: false });
  const { name } = await owner.fabric.findUniqueOrThrow({ where: { id: fabric.fabricId } });
  const pair = await generateKeyPair("RS256", { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256" }] };
  const subject = "system:serviceaccount:etl:nightly";
  const audience = `selvage:${fabric.fabricId}`;
  const by = { createdById: fabric.admin.id, createdByName: fabric.admin.name };
  await owner.trustedIssuer.create({
    data: {
      fabricId: fabric.fabricId,
      name: "Kubernetes",
      issuer,
      audience,
      subject,
      keys: JSON.parse(JSON.stringify(keys)),
      ...by,
    },
  });
  const addToken: VaultDialect["addToken"] = async ({ fabricId, admin }, more = {}) => {
    const made = newPipelineToken();
    const createdBy = { createdById: admin.id, createdByName: admin.name };
    await owner.pipelineToken.create({
      data: { fabricId, name: "spark", tokenHash: made.tokenHash, ...createdBy, ...more },
    });
    return made.token;
  };
  const { fabricId } = fabric;
  const addConnection: VaultDialect["addConnection"] = async (name, secretId) => {
    const properties = { server: "db.example.com", port: "5432", database: "sales", username: "svc" };
    const row = { id: name, fabricId, name, nameKey: name.toLowerCase(), kind: "postgres", configHash: name };
    const updatedBy = { updatedById: fabric.admin.id, updatedByName: fabric.admin.name };
    await owner.connection.create({ data: { ...row, properties, ...by, ...updatedBy } });
    const reference = { connectionId: name, field: "password", secretId, fabricId };
    await owner.connectionSecret.create({ data: reference });
  };
  const allow: VaultDialect["allow"] = async (secretId) => {
    const destination = "postgres://db.example.com:5432?tls=verify-full";
    await owner.allowedDestination.create({ data: { fabricId, secretId, version: 1, destination, ...by } });
  };
  return {
    owner,
    webUrl,
    app,
    url: await app.listen({ port: 0, host: "127.0.0.1" }),
    fabric,
    other,
    mount: name.replaceAll(" ", "_"),
    token: await addToken(fabric),
    addToken,
    addConnection,
    allow,
    workloadToken: () =>
      new SignJWT({})
        .setProtectedHeader({ alg: "RS256", kid: "k1" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime("10m")
        .sign(pair.privateKey),
    async close() {
      await app.close();
      await owner.$disconnect();
      await closeDb();
    },
  };
}
