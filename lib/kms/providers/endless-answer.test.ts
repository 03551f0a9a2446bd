import { createServer, type RequestListener } from "node:http";
import { createGzip } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { KeyServiceFault } from "@/lib/kms/define";
import { openTransitKey, transitKey } from "@/lib/kms/providers/transit";
import { listen } from "@/testing/servers/listening";

/* A team may run the service of its key itself. Its answers must not fill automate's memory. */

const mebibyte = Buffer.alloc(1024 * 1024, " ");
let stop: (() => Promise<unknown>) | undefined;

afterEach(() => stop?.());

async function openAt(serve: RequestListener) {
  const server = await listen(createServer(serve));
  stop = server.close;
  vi.stubEnv("VAULT_TOKEN", "t");
  return openTransitKey(
    transitKey.parse({ provider: "transit", address: `http://127.0.0.1:${server.port}`, key: "main" }),
  );
}

const context = { fabricId: "f", kid: "k" };

test("an answer without an end is given up after a few mebibytes", async () => {
  let sent = 0;
  const key = await openAt((_request, response) => {
    const more = () => {
      while (!response.destroyed) {
        sent += 1;
        if (!response.write(mebibyte)) return void response.once("drain", more);
      }
    };
    more();
  });
  await expect(key.unwrap("vault:v1:x", context)).rejects.toThrow(KeyServiceFault);
  expect(sent).toBeLessThan(64);
});

test("a small answer that decompresses to one without an end is given up as well", async () => {
  let sent = 0;
  const key = await openAt((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" });
    const gzip = createGzip();
    gzip.pipe(response);
    response.once("close", () => gzip.destroy());
    const more = () => {
      while (!gzip.destroyed) {
        sent += 1;
        if (!gzip.write(mebibyte)) return void gzip.once("drain", more);
      }
    };
    more();
  });
  await expect(key.unwrap("vault:v1:x", context)).rejects.toThrow(KeyServiceFault);
  expect(sent).toBeLessThan(300);
});
