import type { CheckCode, CheckText } from "@/lib/connectors/check-protocol";

/** Results of a check after sign-in. */
export const usingTexts = {
  database_not_found: {
    title: "The server has no database with this name.",
    advice: "Verify the spelling. Upper and lower case matter.",
  },
  too_many_connections: {
    title: "The server has no free connection.",
    advice: "Try again later, or have this user’s connection limit raised.",
  },
  server_not_ready: {
    title: "The server is starting, stopping or under maintenance.",
    advice: "Try again in a few minutes.",
  },
  not_permitted: {
    title: "Sign-in worked, but this user lacks a permission that the connection needs.",
    advice: "Ask the server’s administrator for access.",
  },
  sftp_not_offered: {
    title: "Sign-in worked, but this server does not offer SFTP.",
    advice: "Ask the server’s administrator to enable SFTP for this user.",
  },
  path_not_found: {
    title: "The check path does not exist.",
    advice: "Enter a path that exists in this API, such as its status or version.",
  },
  path_not_readable: {
    title: "The API does not allow a plain GET of the check path.",
    advice: "Enter a path that GET can read without parameters.",
  },
  rate_limited: {
    title: "The server received too many requests.",
    advice: "Wait a few minutes before the next check.",
  },
  server_error: {
    title: "The server returned an internal error.",
    advice: "Try again later. If it keeps failing, ask the server’s administrator.",
  },
  unexpected_answer: {
    title: "The response is a web page or another format that an API does not send.",
    advice: "Verify the base URL and the check path. A sign-in page or a proxy may be answering.",
  },
  user_not_found: {
    title: "Sign-in worked, but the service does not know this user.",
    advice: "Enter the user principal name, which looks like an e-mail address.",
  },
  consent_missing: {
    title: "Sign-in worked, but the application lacks a permission.",
    advice: "Ask an administrator to grant the permission that is listed next to the form.",
  },
  catalog_not_found: {
    title: "Catalog not found, or this user may not see it.",
    advice: "Verify the spelling, and that this user has USE CATALOG.",
  },
  schema_not_found: {
    title: "Schema not found, or this user may not see it.",
    advice: "Verify the spelling, and that this user may use it.",
  },
  warehouse_not_found: {
    title: "Warehouse not found, or this user may not use it.",
    advice: "Verify the spelling, and that this user may use it.",
  },
  role_not_granted: {
    title: "This role does not exist, or was not granted to this user.",
    advice: "Verify the spelling, or ask for the role.",
  },
  project_not_found: {
    title: "Project not found, or this account may not see it.",
    advice: "Verify the project ID, which is not always the project’s name.",
  },
  dataset_not_found: {
    title: "The project has no dataset with this name.",
    advice: "Verify the spelling. Upper and lower case matter.",
  },
  bucket_not_found: {
    title: "No bucket has this name.",
    advice: "Verify the spelling.",
  },
  wrong_region: {
    title: "The bucket is in another region.",
    advice: "Choose the bucket’s region.",
  },
  container_not_found: {
    title: "The storage account has no container with this name.",
    advice: "Verify the spelling.",
  },
  site_not_found: {
    title: "Site not found, or the application may not see it.",
    advice: "Verify the site’s address, and that the application has access to it.",
  },
  drive_not_found: {
    title: "Drive not found.",
    advice: "Set up OneDrive for the user, or a document library on the site.",
  },
  collection_not_found: {
    title: "The database has no collection with this name.",
    advice: "Verify the spelling. Upper and lower case matter.",
  },
  service_disabled: {
    title: "The service is disabled for this project or account.",
    advice: "Ask an administrator to enable its API.",
  },
  version_not_supported: {
    title: "The server does not support the requested version.",
    advice: "Choose another version of the API, or ask the server’s administrator.",
  },
  answer_too_large: {
    title: "The server’s response is too large.",
    advice: "Verify the address. Another service may be answering.",
  },
} as const satisfies Partial<Record<CheckCode, CheckText>>;
