import type { CheckCode, CheckStep } from "@/lib/connectors/check-protocol";
import type { Connector } from "@/lib/connectors/define";

const stepTitles: Record<CheckStep, string> = {
  name: "Name",
  network: "Network",
  tls: "Encryption",
  sign_in: "Sign in",
  permission: "Permission",
};

/** What a step is called on screen for this kind of connection. */
export function stepTitle(step: CheckStep, connector: Pick<Connector, "stepTitles">): string {
  return connector.stepTitles?.[step] ?? stepTitles[step];
}

/** What happened and what to do about it, each one sentence in an analyst's words. */
export type CheckText = { title: string; advice: string };

export const checkTexts: Record<CheckCode, CheckText> = {
  name_not_found: {
    title: "There is no server with this name.",
    advice:
      "Check the spelling; a name inside your company's network may need the full form, with its domain.",
  },
  name_unavailable: {
    title: "The name could not be looked up right now.",
    advice: "Try again in a minute; if it stays, the network's name service has a problem.",
  },
  address_refused: {
    title: "This address is not one that checks may reach.",
    advice: "Use a public address, or ask whoever runs Selvage to allow this network.",
  },
  connection_refused: {
    title: "The server is there, but nothing answers on this port.",
    advice: "Check the port, and that the service is running.",
  },
  unreachable: {
    title: "The server cannot be reached from here.",
    advice: "Check the address, and ask whether a firewall has to let Selvage in.",
  },
  connection_closed: {
    title: "The server closed the connection before it answered.",
    advice: "Check the port, and whether the server accepts connections only from certain addresses.",
  },
  timed_out: {
    title: "There was no answer in time.",
    advice: "Check host and port; silence often means that a firewall drops the connection.",
  },
  tls_not_offered: {
    title: "The server does not offer an encrypted connection.",
    advice: "Have encryption switched on at the server, or choose No encryption if you accept the risk.",
  },
  tls_untrusted: {
    title: "The server's certificate is not signed by an authority that is trusted here.",
    advice: "If your company has its own authority, choose its certificate under CA certificate.",
  },
  tls_expired: {
    title: "The server's certificate has expired.",
    advice: "Ask whoever runs the server to renew it.",
  },
  tls_not_yet_valid: {
    title: "The server's certificate is not valid yet.",
    advice: "Ask whoever runs the server to check the certificate's dates and the clocks.",
  },
  tls_wrong_name: {
    title: "The server's certificate was made for another name.",
    advice: "Use the name that the certificate was made for.",
  },
  tls_too_old: {
    title: "The server speaks only outdated forms of encryption.",
    advice: "Ask whoever runs the server to enable TLS 1.2 or newer.",
  },
  tls_failed: {
    title: "No encrypted connection could be agreed on.",
    advice: "Check that this port is the encrypted one, and how the server's encryption is set up.",
  },
  ca_certificate_invalid: {
    title: "The chosen CA certificate is not a certificate that can be read.",
    advice: "Choose a secret that holds the certificate file in PEM or DER form.",
  },
  client_certificate_required: {
    title: "The server asks for a client certificate that it knows.",
    advice: "Choose the client certificate and its key that the server's operator gave you.",
  },
  client_certificate_invalid: {
    title: "The client certificate and its key cannot be used together.",
    advice: "Choose the two files that belong together, in PEM form and without a passphrase.",
  },
  host_key_unknown: {
    title: "Nobody has confirmed yet that this is the right server.",
    advice:
      "Compare the fingerprint with the one from whoever runs the server, then confirm it; nothing was sent.",
  },
  host_key_changed: {
    title: "The server has another host key than the one that was confirmed.",
    advice: "Ask whoever runs the server whether it was replaced; nothing was sent to it.",
  },
  ssh_too_old: {
    title: "The server speaks only outdated forms of SSH.",
    advice: "Ask whoever runs the server to update it.",
  },
  wrong_protocol: {
    title: "Something else than the expected service answers on this port.",
    advice: "Check host and port.",
  },
  rejected_credentials: {
    title: "The server did not accept these credentials.",
    advice: "Check the user name, and replace the secret's value or choose another secret.",
  },
  credentials_missing: {
    title: "The server wants a sign-in, but none is set up.",
    advice: "Choose how to sign in.",
  },
  sign_in_not_offered: {
    title: "The server does not allow this way to sign in.",
    advice: "Choose another authentication method, or ask whoever runs the server which one it accepts.",
  },
  not_admitted: {
    title: "The server does not let this user in from here.",
    advice:
      "Ask whoever runs it to admit this user, database and address; if encryption is off, try with it.",
  },
  private_key_invalid: {
    title: "The chosen secret is not a private key that can be read.",
    advice: "Choose a secret that holds the whole key, with its first and last line.",
  },
  private_key_encrypted: {
    title: "The private key is protected by a passphrase.",
    advice: "Store a copy of the key without a passphrase; Selvage keeps it sealed.",
  },
  secret_malformed: {
    title: "The secret holds characters that cannot be sent, such as a line break at its end.",
    advice: "Replace its value, and copy nothing before or after it.",
  },
  scope_rejected: {
    title: "The sign-in server does not allow the requested scope.",
    advice: "Correct the scope of the OAuth secret, or have it granted to this client.",
  },
  grant_not_allowed: {
    title: "This OAuth client may not sign in by client credentials.",
    advice: "Ask for that grant to be enabled for the client.",
  },
  token_endpoint_wrong: {
    title: "The Auth URL of the OAuth secret did not answer with a token.",
    advice: "Set it to the full address of the token endpoint, starting with https://.",
  },
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
    advice: "Ask whoever runs the server for access.",
  },
  sftp_not_offered: {
    title: "Sign-in worked, but this server does not offer file transfer by SFTP.",
    advice: "Ask whoever runs the server to enable SFTP for this user.",
  },
  path_not_found: {
    title: "There is nothing at the test path.",
    advice: "Enter a path that this API has, such as the one for its status or version.",
  },
  path_not_readable: {
    title: "The API does not answer a simple read of the test path.",
    advice: "Enter a path that can be read with GET and no further parameters.",
  },
  redirected: {
    title: "The server sends us on to another address, and a secret is never sent along.",
    advice: "Enter the address that the server points to, if that is the right one.",
  },
  proxy_in_the_way: {
    title: "A proxy between here and the server asks for a sign-in of its own.",
    advice: "Ask your network's operator to let Selvage through.",
  },
  rate_limited: {
    title: "The server has had too many requests.",
    advice: "Wait a few minutes before the next check.",
  },
  server_error: {
    title: "The server answered with an error of its own.",
    advice: "Try again later; if it stays, ask whoever runs the server.",
  },
  unexpected_answer: {
    title: "The answer is a web page or something else that an API does not send.",
    advice: "Check the base URL and the test path; a sign-in page or a proxy may be in the way.",
  },
  account_locked: {
    title: "This account is locked or switched off at the server.",
    advice: "Ask whoever runs the server to unlock it; until then every check is refused.",
  },
  credential_expired: {
    title: "The credential has expired.",
    advice: "Make a new one at the service, and replace the secret's value.",
  },
  password_change_required: {
    title: "The server wants this user's password to be changed first.",
    advice: "Sign in to the server once and change it, then replace the secret's value.",
  },
  second_factor_required: {
    title: "This account signs in with a second factor, which a pipeline cannot give.",
    advice: "Use a service account, or a key or token in place of the password.",
  },
  client_unknown: {
    title: "The sign-in service does not know this client ID.",
    advice: "Check the client ID, and that it belongs to this tenant or account.",
  },
  tenant_not_found: {
    title: "The sign-in service does not know this tenant.",
    advice: "Check the tenant ID; it is on the overview page of your directory.",
  },
  account_not_found: {
    title: "There is no account with this name at the service.",
    advice:
      "Check the spelling of the account, as it stands in its web address, and that it was not deleted.",
  },
  user_not_found: {
    title: "Sign-in worked, but the service does not know this user.",
    advice: "Enter the user principal name, which looks like an e-mail address.",
  },
  consent_missing: {
    title: "Sign-in worked, but the application was not given the right that this needs.",
    advice: "Have an administrator grant it; which right it is stands beside the form.",
  },
  service_account_key_invalid: {
    title: "The chosen secret is not a service account key.",
    advice: "Paste the whole JSON file that Google made, from the first brace to the last.",
  },
  clock_differs: {
    title: "The service does not accept the time of this computer.",
    advice: "Ask whoever runs Selvage to set the clock of its server.",
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
  warehouse_stopped: {
    title: "The warehouse is stopped and cannot be started by this user.",
    advice: "Start it at the service, or have the right to start it granted.",
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
    advice: "Choose another version of the API, or ask whoever runs the server.",
  },
  answer_too_large: {
    title: "The server sent more than any answer to this question can be.",
    advice: "Check the address; something else may answer there.",
  },
  sign_in_paused: {
    title: "These credentials were refused several times, so they are not tried for now.",
    advice: "Replace the secret's value, wait, or ask an Admin to allow another try; nothing was sent.",
  },
  misconfigured: {
    title: "These settings do not fit together.",
    advice: "Check the fields of this connection.",
  },
  destination_not_allowed: {
    title: "This secret may not be sent there yet.",
    advice:
      "Whoever entered its value, or an Admin who signed in less than ten minutes ago, allows a new place by running this check once. Nothing was sent.",
  },
  secret_missing: {
    title: "The secret that was chosen is gone.",
    advice: "Choose another one.",
  },
  automate_unavailable: {
    title: "Automate does not answer, so nothing was checked.",
    advice: "Try again in a minute; if it stays, tell whoever runs Selvage.",
  },
  busy: {
    title: "Too many checks are running at the moment.",
    advice: "Try again in a moment.",
  },
  cancelled: {
    title: "The check was cancelled.",
    advice: "Start it again whenever you like.",
  },
  unexpected: {
    title: "The check stopped for a reason that we do not know.",
    advice: "Try again; if it stays, tell whoever runs Selvage.",
  },
};
