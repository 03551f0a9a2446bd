import type { Example } from "@/testing/connection-examples/define";
import { startMongodbServer } from "@/testing/servers/mongodb-server";

const host = "mongo.example.com";
const username = "reports";
const password = "canary-of-mongodb";
const database = "sales";

export const example: Example = {
  properties: { protocol: "mongodb", host, username, database, collection: "orders" },
  secrets: { password },
  endpoints: [`${host}:27017`],
  transport: "tls",
  dialsOn: true,
  async start(authority) {
    const certificate = await authority.issue({ names: [host] });
    const login = { username, password, database, collections: ["orders"] };
    const { port, close } = await startMongodbServer({ ...login, certificate });
    return { routes: { [`${host}:27017`]: port }, close };
  },
};
