import { createHttpClient, explainHttp, type HttpClient } from "@/worker/clients/http";

/**
 * Creates a client for one service, with an optional token. Failures name `field`, which holds the service's
 * address. A check that calls several services could not tell them apart afterwards.
 */
export async function createServiceClient(field: string, token?: string): Promise<HttpClient> {
  const call = await createHttpClient(field);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (url, { headers, ...rest } = {}) =>
    call(url, { ...rest, headers: { ...authorization, ...headers } }).catch((error: unknown) => {
      throw explainHttp(error, field) ?? error;
    });
}
