import type * as z from "zod";
import { BadMasterKey, KeyServiceFault, type MasterKey, type MasterKeyState } from "@/lib/kms/define";

/** Every key that Selvage has wrapped is this long. */
const keyBytes = 32;

/** Much more than a key service has to say. */
export const maxAnswerBytes = 1024 * 1024;

/**
 * Reads a whole answer, decompressed. Throws for one without an end, which would fill automate's memory, and so stop
 * the fabrics of other teams.
 */
export async function boundedBytes(body: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    const chunk = Buffer.from(part);
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error("The answer of a key service is too large.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads the JSON of an answer. Undefined for anything else, and for an answer without an end. */
export async function jsonOfAnswer(answer: Response): Promise<unknown> {
  try {
    return JSON.parse((await boundedBytes(answer.body ?? noBytes())).toString("utf8"));
  } catch {
    return undefined;
  }
}

async function* noBytes() {}

/** Returns an answer in the form that its service documents. Throws for any other. */
export function documented<S extends z.ZodType>(form: S, answer: unknown, service: string): z.infer<S> {
  const parsed = form.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new KeyServiceFault("unavailable", `${service} answered with something that it does not document.`);
}

/** Returns the key that a service unwrapped. Throws if the answer cannot be one. */
export function unwrappedKey(bytes: Uint8Array | null | undefined, service: string): Uint8Array {
  if (bytes?.length === keyBytes) return new Uint8Array(bytes);
  throw new KeyServiceFault("unavailable", `${service} answered with something other than a key.`);
}

/** Returns the text of a wrapped key. Throws if the answer does not contain one. */
export function wrappedText(text: string | null | undefined, service: string): string {
  if (text) return text;
  throw new KeyServiceFault("unavailable", `${service} answered without a wrapped key.`);
}

/** The `describe` of a key whose service is asked by `ask`. */
export function describedBy(
  key: Pick<MasterKey, "provider" | "keyId" | "fingerprint">,
  ask: (signal?: AbortSignal) => Promise<MasterKeyState>,
): MasterKey["describe"] {
  const { provider, keyId, fingerprint } = key;
  return async (signal) => {
    const state = await ask(signal).catch((error) => {
      if (error instanceof KeyServiceFault) return error.state;
      throw error;
    });
    return { provider, keyId, fingerprint, state };
  };
}

/**
 * The code of a connection that failed, such as `ECONNREFUSED`. The error itself is not kept: vendors' clients add
 * the request to it, and with it credentials and the key.
 */
export function connectionCode(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as NodeJS.ErrnoException;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  }
  return "no answer";
}

/** Loads the client of a service, which npm may have left out because it is optional. */
export async function loadClient<T>(name: string, load: () => Promise<T>): Promise<T> {
  return load().catch((cause) => {
    throw new BadMasterKey(
      `The package ${name} is missing: run npm install without --omit=optional, and start again.`,
      { cause },
    );
  });
}
