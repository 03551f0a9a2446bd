import type { CheckCode, CheckText } from "@/lib/connectors/check-protocol";

/** Results of a check after sign-in. */
export const usingTexts = {
  database_not_found: {
    title: "The server has no database with this name.",
    advice: "Check the spelling; capitals count.",
  },
  too_many_connections: {
    title: "The server has no free connection at the moment.",
    advice: "Try again later, or have the limit of this user raised.",
  },
  server_not_ready: {
    title: "The server is starting, stopping or under maintenance.",
    advice: "Try again in a few minutes.",
  },
  not_permitted: {
    title: "Sign-in worked, but this user may not use what the connection needs.",
    advice: "Ask the server’s administrator for access.",
  },
  sftp_not_offered: {
    title: "Sign-in worked, but this server does not offer file transfer by SFTP.",
    advice: "Ask the server’s administrator to enable SFTP for this user.",
  },
  path_not_found: {
    title: "There is nothing at the test path.",
    advice: "Enter a path that this API has, such as the one for its status or version.",
  },
  path_not_readable: {
    title: "The API does not answer a simple read of the test path.",
    advice: "Enter a path that can be read with GET and no further parameters.",
  },
  rate_limited: {
    title: "The server has had too many requests.",
    advice: "Wait a few minutes before the next check.",
  },
  server_error: {
    title: "The server answered with an error of its own.",
    advice: "Try again later; if it stays, ask the server’s administrator.",
  },
  unexpected_answer: {
    title: "The answer is a web page or something else that an API does not send.",
    advice: "Check the base URL and the test path; a sign-in page or a proxy may be in the way.",
  },
  user_not_found: {
    title: "Sign-in worked, but the service does not know this user.",
    advice: "Enter the user principal name, which looks like an e-mail address.",
  },
  consent_missing: {
    title: "Sign-in worked, but the application was not given the right that this needs.",
    advice: "Have an administrator grant it; which right it is stands beside the form.",
  },
  catalog_not_found: {
    title: "There is no catalog with this name, or this user may not see it.",
    advice: "Check the spelling, and that USE CATALOG was granted.",
  },
  schema_not_found: {
    title: "There is no schema with this name, or this user may not see it.",
    advice: "Check the spelling, and that the right to use it was granted.",
  },
  warehouse_not_found: {
    title: "There is no warehouse with this name, or this user may not use it.",
    advice: "Check the spelling, and that the right to use it was granted.",
  },
  role_not_granted: {
    title: "This role does not exist, or was not granted to this user.",
    advice: "Check the spelling, or ask for the role.",
  },
  project_not_found: {
    title: "There is no project with this ID, or this account may not see it.",
    advice: "Check the project ID, which is not always the project's name.",
  },
  dataset_not_found: {
    title: "There is no dataset with this name in the project.",
    advice: "Check the spelling; capitals count.",
  },
  bucket_not_found: {
    title: "There is no bucket with this name.",
    advice: "Check the spelling.",
  },
  wrong_region: {
    title: "The bucket is in another region.",
    advice: "Choose the region that the bucket was made in.",
  },
  container_not_found: {
    title: "The storage account has no container with this name.",
    advice: "Check the spelling.",
  },
  site_not_found: {
    title: "There is no site at this address, or the application may not see it.",
    advice: "Check the site's address, and that the application was granted access to it.",
  },
  drive_not_found: {
    title: "There is no drive with files there.",
    advice: "Have OneDrive set up for the user, or a document library on the site.",
  },
  collection_not_found: {
    title: "The database has no collection with this name.",
    advice: "Check the spelling; capitals count.",
  },
  service_disabled: {
    title: "The service is not switched on for this project or account.",
    advice: "Have its API enabled by an administrator.",
  },
  version_not_supported: {
    title: "The server does not know the version that was asked for.",
    advice: "Choose another version of the API, or ask the server’s administrator.",
  },
  answer_too_large: {
    title: "The server sent more than any answer to this question can be.",
    advice: "Check the address; something else may answer there.",
  },
} as const satisfies Partial<Record<CheckCode, CheckText>>;
