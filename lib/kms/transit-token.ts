import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { KeyServiceFault } from "@/lib/kms/define";

const file = z.string().min(1);
const mount = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/, "write the path without slashes at its ends");

/** How automate signs in to Vault or OpenBao. */
export const transitAuth = z.discriminatedUnion("method", [
  /** A token: of a file that an agent writes, of VAULT_TOKEN, or of ~/.vault-token, as for Vault's own tools. */
  z.strictObject({ method: z.literal("token"), file: file.optional() }),
  z.strictObject({
    method: z.literal("approle"),
    mount: mount.default("approle"),
    roleId: z.string().min(1),
    secretIdFile: file,
  }),
  /** A workload's token, such as that of a Kubernetes service account. */
  z.strictObject({
    method: z.enum(["kubernetes", "jwt"]),
    mount: mount.optional(),
    role: z.string().min(1),
    jwtFile: file.default("/var/run/secrets/kubernetes.io/serviceaccount/token"),
  }),
]);

type Request = (
  path: string,
  body: object | undefined,
  headers: object,
  signal?: AbortSignal,
) => Promise<unknown>;

const signedIn = z.object({
  auth: z.object({ client_token: z.string().min(1), lease_duration: z.number() }),
});
const lookedUp = z.object({
  data: z.object({ ttl: z.number(), creation_ttl: z.number(), renewable: z.boolean().default(false) }),
});

/** Keeps a token of Vault or OpenBao that has not expired. */
export function createTransitToken(auth: z.output<typeof transitAuth>, request: Request) {
  let leased: { token: string; until: number } | undefined;

  async function signIn(signal?: AbortSignal): Promise<string> {
    if (auth.method === "token") return readToken(auth.file);
    if (leased && Date.now() < leased.until) return leased.token;
    const body =
      auth.method === "approle"
        ? { role_id: auth.roleId, secret_id: await readSecret(auth.secretIdFile) }
        : { role: auth.role, jwt: await readSecret(auth.jwtFile) };
    const answer = await request(`auth/${auth.mount ?? auth.method}/login`, body, {}, signal).catch(
      wrongCredentials,
    );
    const parsed = signedIn.safeParse(answer);
    if (!parsed.success)
      throw new KeyServiceFault("unavailable", "Transit answered a sign-in without a token.");
    const { client_token, lease_duration } = parsed.data.auth;
    // A lease of 0 does not end. A token is replaced long before it expires.
    const seconds = lease_duration === 0 ? 3600 : lease_duration * 0.6;
    leased = { token: client_token, until: Date.now() + seconds * 1000 };
    return client_token;
  }

  return {
    get: signIn,
    /** Forgets a token of a sign-in after a fault, so that the next call signs in again. */
    forget(): void {
      leased = undefined;
    },
    /** Renews a token of a file or a variable in the second half of its life. Nobody else may do so. */
    async renew(signal?: AbortSignal): Promise<void> {
      if (auth.method !== "token") return;
      const headers = { "x-vault-token": await signIn(signal) };
      const { data } =
        lookedUp.safeParse(await request("auth/token/lookup-self", undefined, headers, signal)).data ?? {};
      if (data?.renewable && data.ttl < data.creation_ttl / 2)
        await request("auth/token/renew-self", {}, headers, signal);
    },
  };
}

async function readToken(path: string | undefined): Promise<string> {
  if (path) return readSecret(path);
  return process.env.VAULT_TOKEN || readSecret(join(homedir(), ".vault-token"));
}

async function readSecret(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new KeyServiceFault("denied", `The file ${path} is missing or cannot be read.`, { cause });
  });
  return text.trim();
}

/** A refused sign-in is a 400 of some methods. */
function wrongCredentials(error: unknown): never {
  if (error instanceof KeyServiceFault && error.state === "unavailable") throw error;
  throw new KeyServiceFault("denied", "Transit refused the sign-in.", { cause: error });
}
