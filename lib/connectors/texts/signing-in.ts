import type { CheckCode, CheckText } from "@/lib/connectors/check-protocol";

/** Results of a check during sign-in. */
export const signingInTexts = {
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
    advice: "Choose another authentication method, or ask the server’s administrator which one it accepts.",
  },
  not_admitted: {
    title: "The server does not let this user in from here.",
    advice:
      "Ask the server’s administrator to admit this user, database and address; if encryption is off, try with it.",
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
  account_locked: {
    title: "This account is locked or switched off at the server.",
    advice: "Ask the server’s administrator to unlock it; until then every check is refused.",
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
  service_account_key_invalid: {
    title: "The chosen secret is not a service account key.",
    advice: "Paste the whole JSON file that Google made, from the first brace to the last.",
  },
  clock_differs: {
    title: "The service does not accept the time of this computer.",
    advice: "Ask an operator of Selvage to set the clock of its server.",
  },
  sign_in_paused: {
    title: "These credentials were refused several times, so they are not tried for now.",
    advice: "Replace the secret's value, wait, or ask an Admin to allow another try; nothing was sent.",
  },
} as const satisfies Partial<Record<CheckCode, CheckText>>;
