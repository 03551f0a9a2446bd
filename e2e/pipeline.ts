import * as z from "zod";
import { stack } from "@/testing/stack-address";
import { createToken, type Tenant } from "@/testing/tenant";

const answer = z.object({
  name: z.string(),
  subKind: z.string(),
  version: z.number(),
  value: z.union([z.string(), z.record(z.string(), z.string())]),
  encoding: z.literal("base64").optional(),
});
export type ReadSecret = z.infer<typeof answer>;

/** Calls automate as a pipeline does, outside any browser. */
export function requestSecret(
  token: string | null,
  name: string,
  automateUrl = stack().automateUrl,
): Promise<Response> {
  return fetch(new URL(`/v1/secrets/${encodeURIComponent(name)}`, automateUrl), {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
}

/** A pipeline of this fabric: reads secrets from the runtime API. */
export async function startPipeline(tenant: Pick<Tenant, "fabric" | "admin">, name = "nightly") {
  const { token } = await createToken(tenant, { name });
  return {
    token,
    async read(secretName: string): Promise<ReadSecret> {
      const response = await requestSecret(token, secretName);
      if (response.status !== 200)
        throw new Error(`${secretName}: ${response.status} ${await response.text()}`);
      return answer.parse(await response.json());
    },
    /** The bytes of a Text or Binary secret. */
    async readBytes(secretName: string): Promise<Buffer> {
      const { value, encoding } = await this.read(secretName);
      if (typeof value !== "string") throw new Error(`${secretName} has several fields.`);
      return Buffer.from(value, encoding ?? "utf8");
    },
  };
}
