import { createHash } from "node:crypto";
import type {
  Algorithms,
  AnyAuthMethod,
  AuthenticationType,
  Client,
  NextAuthHandler,
  SFTPWrapper,
} from "ssh2";
import { sftp } from "@/lib/connectors/kinds/sftp";
import { type CheckContext, CheckFailure, defineCheck, errorProperty, standIn } from "@/worker/check";
import { requireProperty } from "@/worker/clients/http";
import { readPrivateKey } from "@/worker/clients/private-key";

/** Reads the host key, and stops until a person has confirmed it. Then signs in and opens the home folder. */
export const checkSftp = defineCheck(sftp, {
  standIns: { authMethod: "password", password: standIn },
  preload: () => import("ssh2"),

  async run({ host, port, username, authMethod, password, privateKey, hostKeyFingerprint }, context) {
    const { Client, utils } = (await import("ssh2")).default;
    const credential =
      hostKeyFingerprint === undefined
        ? null
        : authMethod === "password"
          ? { field: "password" as const, value: requireProperty(password, "password") }
          : {
              field: "privateKey" as const,
              value: readPrivateKey(requireProperty(privateKey, "privateKey"), utils.parseKey),
            };
    const client = new Client();
    const session = await signIn(client, { host, port, username, credential, hostKeyFingerprint }, context);
    await listHome(session);
    client.end();
    return {};
  },

  explain(error) {
    const message = error instanceof Error ? error.message : "";
    switch (errorProperty(error, "level")) {
      case "client-authentication":
        return new CheckFailure("sign_in_not_offered", "authMethod");
      case "handshake":
        return message.includes("no matching")
          ? new CheckFailure("ssh_too_old")
          : new CheckFailure("wrong_protocol", "port");
      case "protocol":
        return message.startsWith("Connection lost")
          ? new CheckFailure("connection_closed", "port")
          : new CheckFailure("wrong_protocol", "port");
      case "client-socket":
        return new CheckFailure("connection_closed", "port");
      default:
        // Not an SSH server. These errors have no level.
        return /^(Invalid|Maximum|Bad packet)/.test(message)
          ? new CheckFailure("wrong_protocol", "port")
          : null;
    }
  },
});

/** The documented ciphers in their order. CBC serves only servers without newer ones. */
const ciphers = [
  "aes256-gcm@openssh.com",
  "aes128-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
  "aes256-ctr",
  "aes192-ctr",
  "aes128-ctr",
  "aes256-cbc",
  "aes192-cbc",
  "aes128-cbc",
] as const satisfies Algorithms["cipher"];

type Credential = { field: "password"; value: string } | { field: "privateKey"; value: string };
type Target = {
  host: string;
  port: number;
  username: string;
  credential: Credential | null;
  hostKeyFingerprint: string | undefined;
};

function signIn(client: Client, target: Target, { begin }: CheckContext): Promise<SFTPWrapper> {
  const { host, port, username, credential, hostKeyFingerprint } = target;
  return new Promise((resolve, reject) => {
    client.on("error", reject);
    client.on("close", () => reject(new CheckFailure("connection_closed")));
    client.on("handshake", () => begin("sign_in"));
    client.on("ready", () => {
      begin("permission");
      client.sftp((error, session) =>
        error === undefined ? resolve(session) : reject(new CheckFailure("sftp_not_offered")),
      );
    });
    client.connect({
      host,
      port,
      username,
      readyTimeout: 0,
      algorithms: { cipher: [...ciphers] },
      hostVerifier: (key: Buffer) => {
        const fingerprint = `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
        if (fingerprint === hostKeyFingerprint) return true;
        const code = hostKeyFingerprint === undefined ? "host_key_unknown" : "host_key_changed";
        reject(new CheckFailure(code, "hostKeyFingerprint", { hostKeyFingerprint: fingerprint }));
        return false;
      },
      authHandler: authentication(username, credential, reject),
    });
  });
}

/**
 * Asks which methods the server accepts, then tries one of them once. A second failed attempt could lock the
 * account.
 */
function authentication(
  username: string,
  credential: Credential | null,
  fail: (failure: CheckFailure) => void,
) {
  let tries = 0;
  return (offered: AuthenticationType[], _partial: boolean, next: NextAuthHandler): void => {
    tries += 1;
    if (credential === null) fail(new CheckFailure("host_key_unknown", "hostKeyFingerprint"));
    else if (tries === 1) next({ type: "none", username });
    else if (tries > 2) fail(new CheckFailure("rejected_credentials", credential.field));
    else {
      const method = chooseMethod(offered, username, credential);
      if (method === null) fail(new CheckFailure("sign_in_not_offered", "authMethod"));
      else next(method);
    }
  };
}

function chooseMethod(
  offered: readonly AuthenticationType[],
  username: string,
  credential: Credential,
): AnyAuthMethod | null {
  const { field, value } = credential;
  if (field === "privateKey")
    return offered.includes("publickey") ? { type: "publickey", username, key: value } : null;
  if (offered.includes("password")) return { type: "password", username, password: value };
  if (!offered.includes("keyboard-interactive")) return null;
  // A prompt for anything but one password needs a person.
  return {
    type: "keyboard-interactive",
    username,
    prompt: (_name, _instructions, _language, prompts, answer) => answer(prompts.length === 1 ? [value] : []),
  };
}

/** Opens the home folder, a right that every use needs. */
function listHome(session: SFTPWrapper): Promise<void> {
  return new Promise((resolve, reject) => {
    session.opendir(".", (error, handle) => {
      if (error) reject(new CheckFailure("not_permitted", "username"));
      else session.close(handle, () => resolve());
    });
  });
}
