import Fastify from "fastify";

// The HTTP yardstick: the same framework and an answer of the same size, without any work behind it.
const app = Fastify({ logger: false });
app.get("/v1/secrets/:name", async (_request, reply) => {
  reply.header("cache-control", "no-store");
  return { name: "secret_0", subKind: "text", version: 1, value: "0".repeat(48) };
});
await app.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
process.stdout.write("ready");
