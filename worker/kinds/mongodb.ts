import type { MongoClient, MongoClientOptions } from "mongodb";
import { mongodb, parseEndpoint } from "@/lib/connectors/kinds/mongodb";
import { CheckFailure, defineCheck, errorProperty, standIn } from "@/worker/check";
import { sharedVerification } from "@/worker/clients/certificates";
import { requireProperty } from "@/worker/clients/http";
import { admitMembers } from "@/worker/egress/guard";
import { nameFault, networkFault } from "@/worker/egress/socket-faults";

const load = () => import("mongodb");

/** Signs in to one member, looks for the collection and reads the id of one document. */
export const checkMongodb = defineCheck(mongodb, {
  standIns: { password: standIn },
  preload: load,

  async run(properties, { begin }) {
    const { MongoClient: Client } = await load();
    const { username, password, database, collection, authSource = "admin" } = properties;
    const client = new Client(`mongodb://${await findMember(properties)}/`, {
      auth: { username, password },
      authSource,
      ...security(properties),
      // Members that the server names are not destinations of this connection.
      directConnection: true,
      maxPoolSize: 1,
      retryReads: false,
      retryWrites: false,
      connectTimeoutMS: 60_000,
      serverSelectionTimeoutMS: 60_000,
      appName: "selvage check",
    });
    try {
      await client.db(database).command({ ping: 1 });
      begin("permission");
      await requireCollection(client, database, collection);
      return {};
    } finally {
      // Otherwise the client would search for its server endlessly.
      void client.close(true);
    }
  },

  explain(error) {
    const finding = byCode(codeOf(error));
    if (finding !== null) return finding;
    for (const cause of causesOf(error)) {
      const fault = networkFault(cause);
      if (fault !== null) return new CheckFailure(fault, "host");
    }
    const name = errorProperty(error, "name");
    if (/closed/.test(errorProperty(error, "message"))) return new CheckFailure("connection_closed", "host");
    return /^(Mongo(Network|Parse|Runtime|ServerSelection|Compatibility|DecompressionError)|BSON)/.test(name)
      ? new CheckFailure("wrong_protocol", "host")
      : null;
  },
});

type Properties = Parameters<typeof checkMongodb.run>[0];

/** Returns the address to connect to: the host itself, or the first member in its SRV record. */
async function findMember({ protocol, host }: Properties): Promise<string> {
  if (protocol === "mongodb") return hostPort(requireProperty(parseEndpoint(host) ?? undefined, "host"));
  const [first] = await admitMembers("_mongodb._tcp").catch((error: unknown) => {
    if (errorProperty(error, "code") === "EGRESS_REFUSED") throw error;
    throw new CheckFailure(nameFault(error), "host", undefined, "name");
  });
  return hostPort(first);
}

function hostPort({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function security({ protocol, tlsMode = "verify-full", caCertificate }: Properties): MongoClientOptions {
  if (protocol === "mongodb" && tlsMode === "disable") return { tls: false };
  const mode = protocol === "mongodb" ? tlsMode : "verify-full";
  const { rejectUnauthorized, ...trust } = sharedVerification(mode, caCertificate);
  const authorities = "ca" in trust ? { ca: trust.ca.join("\n") } : trust;
  return { tls: true, ...authorities, tlsAllowInvalidCertificates: !rejectUnauthorized };
}

async function requireCollection(client: MongoClient, database: string, collection: string): Promise<void> {
  const collections = await client
    .db(database)
    .listCollections({ name: collection }, { nameOnly: true, authorizedCollections: true })
    .toArray();
  if (collections.length === 0) throw new CheckFailure("collection_not_found", "collection");
  await client
    .db(database)
    .collection(collection)
    .findOne({}, { projection: { _id: 1 } });
}

function codeOf(error: unknown): number {
  const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  return typeof code === "number" ? code : 0;
}

function causesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  const reason: unknown = Reflect.get(error, "reason");
  const servers: unknown =
    typeof reason === "object" && reason !== null ? Reflect.get(reason, "servers") : undefined;
  const faults = servers instanceof Map ? [...servers.values()].map((one) => Reflect.get(one, "error")) : [];
  return [error, ...[error.cause, ...faults].flatMap(causesOf)];
}

/** "Error Codes" of the MongoDB manual. Atlas itself answers 8000. */
function byCode(code: number): CheckFailure | null {
  switch (code) {
    case 11:
    case 18:
    case 8000:
      return new CheckFailure("rejected_credentials", "password", undefined, "sign_in");
    case 334:
      return new CheckFailure("sign_in_not_offered", "username", undefined, "sign_in");
    case 13:
      return new CheckFailure("not_permitted", "collection", undefined, "permission");
    case 91:
    case 11600:
    case 189:
      return new CheckFailure("server_not_ready");
    default:
      return null;
  }
}
