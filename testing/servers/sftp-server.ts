import { createHash } from "node:crypto";
import ssh2, { type AuthContext, type Connection, type PublicKeyAuthContext } from "ssh2";
import { type Listening, listen } from "@/testing/servers/listening";

const { Server, utils } = ssh2;

export type SftpUser = { password?: string; publicKey?: string };
export type SftpServerOptions = {
  users: Readonly<Record<string, SftpUser>>;
  /** PEM. Default: a new key. A test passes one to restart "the same" server or a replaced one. */
  hostKey?: string;
  isHomeReadable?: boolean;
  hasSftp?: boolean;
  /** How the server asks for passwords. */
  passwordBy?: "password" | "keyboard-interactive";
  /** The server answers a sign-in after this. */
  beforeVerdict?: () => Promise<void>;
};
export type SftpServer = Listening & { hostKey: string; fingerprint: string; attempts: string[] };

/** A key pair in OpenSSH form, for hosts and users. With a passphrase, the private key is encrypted. */
export function createSshKey(passphrase?: string): { private: string; public: string } {
  const pair =
    passphrase === undefined
      ? utils.generateKeyPairSync("ed25519")
      : utils.generateKeyPairSync("ed25519", { passphrase, cipher: "aes256-ctr", rounds: 16 });
  // About one key in a hundred is a byte short and cannot be read back: ssh2 drops a leading zero.
  const isReadable = !(utils.parseKey(pair.private, passphrase) instanceof Error);
  return isReadable ? pair : createSshKey(passphrase);
}

/** A real SSH server with SFTP. It accepts passwords or keys, and has one empty home folder. */
export async function startSftpServer({
  users,
  hostKey = createSshKey().private,
  isHomeReadable = true,
  hasSftp = true,
  passwordBy = "password",
  beforeVerdict = async () => {},
}: SftpServerOptions): Promise<SftpServer> {
  const attempts: string[] = [];
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", async (context) => {
      if (context.method !== "none") attempts.push(context.method);
      await beforeVerdict();
      signIn(context, users[context.username], passwordBy);
    });
    client.on("ready", () => serveFiles(client, isHomeReadable, hasSftp));
  });
  // @ts-expect-error: ssh2's Server wraps a net.Server, which its type does not declare.
  const listening = await listen(server._srv);
  return { ...listening, hostKey, fingerprint: fingerprintOf(hostKey), attempts };
}

export function fingerprintOf(hostKey: string): string {
  const key = utils.parseKey(hostKey);
  if (key instanceof Error) throw key;
  return `SHA256:${createHash("sha256").update(key.getPublicSSH()).digest("base64").replace(/=+$/, "")}`;
}

function signIn(
  context: AuthContext,
  user: SftpUser | undefined,
  passwordBy: "password" | "keyboard-interactive",
): void {
  const settle = (isRight: boolean) =>
    isRight ? context.accept() : context.reject(user?.publicKey === undefined ? [passwordBy] : ["publickey"]);
  const isPassword = (given: string | undefined) => user?.password !== undefined && given === user.password;
  if (context.method === "publickey") settle(isKey(context, user?.publicKey));
  else if (context.method !== passwordBy) settle(false);
  else if (context.method === "password") settle(isPassword(context.password));
  else if (context.method === "keyboard-interactive")
    context.prompt([{ prompt: "Password: ", echo: false }], (answers) => settle(isPassword(answers[0])));
}

/** The client first asks whether the server would accept the key, then signs. */
function isKey(
  { key, signature, blob, hashAlgo }: PublicKeyAuthContext,
  publicKey: string | undefined,
): boolean {
  const known = publicKey === undefined ? null : utils.parseKey(publicKey);
  if (known === null || known instanceof Error || !key.data.equals(known.getPublicSSH())) return false;
  return signature === undefined || blob === undefined || known.verify(blob, signature, hashAlgo) === true;
}

function serveFiles(client: Connection, isHomeReadable: boolean, hasSftp: boolean): void {
  client.on("session", (accept) => {
    const session = accept();
    if (!hasSftp) return;
    session.on("sftp", (acceptSftp) => {
      const sftp = acceptSftp();
      const { FAILURE, OK, EOF, PERMISSION_DENIED } = utils.sftp.STATUS_CODE;
      sftp.on("OPENDIR", (id) =>
        isHomeReadable ? sftp.handle(id, Buffer.from("home")) : sftp.status(id, PERMISSION_DENIED),
      );
      sftp.on("READDIR", (id) => sftp.status(id, EOF));
      sftp.on("REALPATH", (id) => sftp.name(id, [{ filename: "/", longname: "/", attrs: noAttributes }]));
      sftp.on("CLOSE", (id) => sftp.status(id, OK));
      sftp.on("OPEN", (id) => sftp.status(id, FAILURE));
    });
  });
}

const noAttributes = { mode: 0o755, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
