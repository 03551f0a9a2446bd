import type { Authority } from "@/launcher/certificates.mjs";
import type { Example } from "@/testing/connection-examples/define";
import { startMicrosoftServer } from "@/testing/servers/microsoft-server";
import type { ServiceReply } from "@/testing/servers/service-replies";

export const application = {
  tenantId: "7a0c3a1e-58f3-4b52-9d6f-0a54c0c1b7de",
  clientId: "2f1d6a0b-7a52-4a3c-8b0b-64d6a1f0c9aa",
  clientSecret: "canary~8Q.client-secret_of-the-application",
};
const { clientSecret, ...properties } = application;

/** One of Microsoft's services, with the documented answers to a check's requests. */
export type MicrosoftService = {
  host: string;
  scope: string;
  properties: Record<string, string>;
  secrets: Record<string, string>;
  /** The requested paths in order, each with a successful answer. */
  good: Record<string, ServiceReply>;
};

/** learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/list */
export const dataLake: MicrosoftService = {
  host: "contosolake.dfs.core.windows.net",
  scope: "https://storage.azure.com/.default",
  properties: { ...properties, accountName: "contosolake", containerName: "raw" },
  secrets: { clientSecret },
  good: {
    "/raw?resource=filesystem&recursive=false&maxResults=1": {
      status: 200,
      headers: { "x-ms-version": "2023-11-03", "x-ms-continuation": "VBaSuOSPjZSyvJ0BGDA" },
      body: {
        paths: [
          {
            contentLength: "0",
            creationTime: "133123456789012345",
            etag: "0x8D9A2B3C4D5E6F7",
            group: "$superuser",
            isDirectory: "true",
            lastModified: "Tue, 06 Jan 2026 10:00:00 GMT",
            name: "orders",
            owner: "$superuser",
            permissions: "rwxr-x---",
          },
        ],
      },
    },
  },
};

const siteId =
  "contoso.sharepoint.com,2c712604-1370-44e7-a1f5-426573fda80a,2d2244c3-251a-49ea-93a8-39e1c3a060fe";
const graph = { host: "graph.microsoft.com", scope: "https://graph.microsoft.com/.default" };
const context = "https://graph.microsoft.com/v1.0/$metadata#Collection(driveItem)";
const oneFile = {
  status: 200,
  body: { "@odata.context": context, value: [{ id: "01BYE5RZ6QN3ZWBTUFOFD3GSPGOHDJD36" }] },
};

/** learn.microsoft.com/graph/api/site-getbypath and …/driveitem-list-children */
export const site: MicrosoftService = {
  ...graph,
  properties: { ...properties, siteUrl: "https://contoso.sharepoint.com/sites/sales" },
  secrets: { clientSecret },
  good: {
    "/v1.0/sites/contoso.sharepoint.com:/sites/sales?$select=id": {
      status: 200,
      body: { "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#sites(id)/$entity", id: siteId },
    },
    [`/v1.0/sites/${siteId}/drive/root/children?$top=1&$select=id`]: oneFile,
  },
};

/** learn.microsoft.com/graph/api/driveitem-list-children */
export const drive: MicrosoftService = {
  ...graph,
  properties,
  secrets: { clientSecret, userName: "canary.person@contoso.example" },
  good: {
    "/v1.0/users/canary.person%40contoso.example/drive/root/children?$top=1&$select=id": oneFile,
  },
};

/** learn.microsoft.com/rest/api/power-bi/groups/get-groups */
export const workspaces: MicrosoftService = {
  host: "api.powerbi.com",
  scope: "https://analysis.windows.net/powerbi/api/.default",
  properties,
  secrets: { clientSecret },
  good: {
    "/v1.0/myorg/groups?$top=1": {
      status: 200,
      body: {
        value: [
          {
            id: "3d9b93c6-7b6d-4801-a491-1738910904fd",
            isReadOnly: false,
            isOnDedicatedCapacity: false,
            name: "Sales",
          },
        ],
      },
    },
  },
};

/** Starts the service and Entra ID. */
export function startService(
  authority: Authority,
  { host, scope, good }: MicrosoftService,
  changes: Partial<Parameters<typeof startMicrosoftServer>[0]> = {},
) {
  return startMicrosoftServer({ authority, application, host, scope, replies: good, ...changes });
}

/** The service as an example of its kind. */
export function microsoftExample(service: MicrosoftService): Example {
  return {
    properties: service.properties,
    secrets: service.secrets,
    endpoints: ["login.microsoftonline.com:443", `${service.host}:443`],
    transport: "https",
    start: (authority) => startService(authority, service),
  };
}
