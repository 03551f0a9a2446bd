import { createHttpClient, explainHttp, type HttpClient } from "@/worker/clients/http";

/**
 * Calls one service, with a token where there is one. Its failures are findings of `field`, where its address is
 * corrected: a check that talks to several services could not tell later whose they are.
 */
export async function createServiceClient(field: string, token?: string): Promise<HttpClient> {
  const call = await createHttpClient(field);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (url, { headers, ...rest } = {}) =>
    call(url, { ...rest, headers: { ...authorization, ...headers } }).catch((error: unknown) => {
      throw explainHttp(error, field) ?? error;
    });
}
