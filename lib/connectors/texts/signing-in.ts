import type { CheckCode, CheckText } from "@/lib/connectors/check-protocol";

/** Results of a check during sign-in. */
export const signingInTexts = {
  rejected_credentials: {
    title: "The server rejected these credentials.",
    advice: "Verify the username, then replace the secret’s value or choose another secret.",
  },
  encryption_may_be_required: {
    title: "The server rejected these credentials, or it requires encryption.",
    advice:
      "This server offers encryption: choose it first. If sign-in still fails, verify the username and the password.",
  },
  credentials_missing: {
    title: "The server requires sign-in, but none is configured.",
    advice: "Choose an authentication method.",
  },
  sign_in_not_offered: {
    title: "The server does not allow this authentication method.",
    advice: "Choose another method, or ask the server’s administrator which one it accepts.",
  },
  method_not_supported: {
    title: "Selvage does not support this authentication method.",
    advice: "Choose another method, or a user with another method.",
  },
  not_admitted: {
    title: "The server does not allow this user to connect from Selvage.",
    advice:
      "Ask the server’s administrator to allow this user, database and address. If encryption is off, try with encryption.",
  },
  private_key_invalid: {
    title: "The chosen secret is not a readable private key.",
    advice: "Choose a secret that holds the whole key, including its first and last line.",
  },
  private_key_encrypted: {
    title: "A passphrase protects the private key.",
    advice: "Store a copy of the key without a passphrase. Selvage keeps it sealed.",
  },
  secret_malformed: {
    title: "The secret contains characters that cannot be sent, such as a line break at its end.",
    advice: "Replace its value. Copy no spaces or lines before or after it.",
  },
  scope_rejected: {
    title: "The token server does not allow the requested scope.",
    advice: "Correct the scope of the OAuth secret, or have it granted to this client.",
  },
  grant_not_allowed: {
    title: "This OAuth client may not use the client credentials grant.",
    advice: "Ask for this grant to be enabled for the client.",
  },
  token_endpoint_wrong: {
    title: "The Auth URL of the OAuth secret did not return a token.",
    advice: "Enter the full address of the token endpoint, starting with https://.",
  },
  account_locked: {
    title: "The server has locked or disabled this account.",
    advice: "Ask the server’s administrator to unlock it. Until then every check fails.",
  },
  credential_expired: {
    title: "The credential has expired.",
    advice: "Create a new one at the service, then replace the secret’s value.",
  },
  password_change_required: {
    title: "The server requires a new password for this user.",
    advice: "Sign in to the server once and change the password, then replace the secret’s value.",
  },
  password_not_accepted: {
    title: "The server did not accept the new password, or does not know its user.",
    advice: "Correct the users or the length of the rotation.",
  },
  second_factor_required: {
    title: "This account requires a second factor, which a pipeline cannot provide.",
    advice: "Use a service account, a key or a token instead of the password.",
  },
  client_unknown: {
    title: "The sign-in service does not know this client ID.",
    advice: "Verify the client ID, and that it belongs to this tenant or account.",
  },
  tenant_not_found: {
    title: "The sign-in service does not know this tenant.",
    advice: "Verify the tenant ID on the overview page of your directory.",
  },
  account_not_found: {
    title: "The service has no account with this name.",
    advice: "Verify the spelling, as in the account’s web address, and that the account was not deleted.",
  },
  service_account_key_invalid: {
    title: "The chosen secret is not a service account key.",
    advice: "Paste the whole JSON file from Google, from the first brace to the last.",
  },
  clock_differs: {
    title: "The service does not accept the time of Selvage’s server.",
    advice: "Ask an operator of Selvage to correct the server’s clock.",
  },
  sign_in_paused: {
    title: "Sign-in is paused: the server rejected these credentials several times.",
    advice:
      "Replace the secret’s value, wait, or ask an Admin to allow another attempt. Selvage sent nothing.",
  },
} as const satisfies Partial<Record<CheckCode, CheckText>>;
