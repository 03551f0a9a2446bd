import { createHash, createPublicKey, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { Refusal } from "@/automate/http/error";
import { isUnchanged } from "@/automate/runtime-api/etag";

/** The program, and its detached Ed25519 signature (64 bytes, RFC 8032). */
export type CommandLine = { program: Buffer; signature: Buffer };

/**
 * Reads the command line of a folder. Returns a sentence instead if files are missing, or if the signature is
 * not that of `selvage.pub`. This finds damage and mixed versions. Anyone who can write to the folder can also
 * replace the key: only the key inside a program that people already have protects them from that.
 */
export async function readCommandLine(
  dir: string,
): Promise<{ commandLine: CommandLine; problem?: never } | { commandLine?: never; problem: string }> {
  const read = (name: string) => readFile(join(dir, name)).catch(() => undefined);
  const [program, signature, publicKey] = await Promise.all(
    ["selvage.mjs", "selvage.mjs.sig", "selvage.pub"].map(read),
  );
  if (!program || !signature || !publicKey)
    return {
      problem: `The command line is not served: ${dir} does not contain selvage.mjs, selvage.mjs.sig and selvage.pub. Run npm run build.`,
    };
  if (!isSigned(program, signature, publicKey))
    return {
      problem: `The command line is not served: its signature in ${dir} is not valid for selvage.pub. Build and sign it again.`,
    };
  return { commandLine: { program, signature } };
}

function isSigned(program: Buffer, signature: Buffer, publicKey: Buffer): boolean {
  try {
    const key = createPublicKey(publicKey);
    return key.asymmetricKeyType === "ed25519" && verify(null, program, key, signature);
  } catch {
    return false;
  }
}

/** Serves the command line to everyone: it contains no secret, and `update` verifies it. */
export function commandLineRoutes(app: FastifyInstance, commandLine: CommandLine | undefined): void {
  const serve = (path: string, content: Buffer | undefined, type: string) => {
    const etag = content && `"${createHash("sha256").update(content).digest("base64url")}"`;
    app.get(path, async (request, reply) => {
      if (!content || !etag)
        throw new Refusal(404, "not_found", "This Automate has no signed command line: ask its operator.");
      const isKnown = isUnchanged(request, reply, etag);
      // Caches ask again each time: the program and its signature must be of the same release.
      reply.header("cache-control", "public, no-cache").header("x-content-type-options", "nosniff");
      if (isKnown) return reply.send();
      // A browser stores it, and does not show it as a page.
      return reply.header("content-disposition", "attachment").type(type).send(content);
    });
  };
  serve("/cli/selvage.mjs", commandLine?.program, "text/javascript; charset=utf-8");
  serve("/cli/selvage.mjs.sig", commandLine?.signature, "application/octet-stream");
}
