import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPkcs11Key, pkcs11Key } from "@/lib/kms/providers/pkcs11";
import type { KeyService } from "@/testing/key-services/key-service";
import { runProgram } from "@/testing/peers/real-server";

const install =
  "Install SoftHSM 2 and build its client: apt-get install softhsm2, then npm run build:pkcs11.";
const libraries = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"];
const token = "selvage-test";
export const pin = "canary-pin-1234";

export type SoftHsm = KeyService & {
  folder: string;
  library: string;
  /** The entry of the keyring for the key `main`. */
  entry: Record<string, unknown>;
  /** Opens a key with these settings in place of the usual ones. */
  openWith(settings: Record<string, unknown>): ReturnType<typeof openPkcs11Key>;
};

/** The keys that a token is made with: for each label, extra attributes by the name of their constant. */
type Keys = Record<string, { value?: Buffer; decrypt?: boolean }>;

/** A real token of SoftHSM in a folder of its own, with the keys `main` and `other`, and those of `more`. */
export async function startSoftHsm(more: Keys = {}): Promise<SoftHsm> {
  const library = libraries.find(existsSync);
  if (!library || !existsSync("node_modules/pkcs11js/build/Release/pkcs11.node")) throw new Error(install);
  const folder = await mkdtemp(join(tmpdir(), "selvage-softhsm-"));
  const config = join(folder, "softhsm2.conf");
  await mkdir(join(folder, "tokens"));
  await writeFile(config, `directories.tokendir = ${folder}/tokens\nobjectstore.backend = file\n`);
  const pinFile = join(folder, "pin");
  await writeFile(pinFile, `${pin}\n`, { mode: 0o600 });
  await chmod(pinFile, 0o600);
  const script = join(folder, "make-keys.cjs");
  const keys = { main: {}, other: {}, ...more };
  await writeFile(script, makeKeys({ library, keys }));
  const init = ["--init-token", "--free", "--label", token, "--so-pin", "4321", "--pin", pin];
  await runProgram("env", [`SOFTHSM2_CONF=${config}`, "softhsm2-util", ...init], install);
  // In another process, since a process sees one configuration of SoftHSM for ever.
  await runProgram("env", [`SOFTHSM2_CONF=${config}`, process.execPath, script], install);
  const entry = {
    provider: "pkcs11",
    library,
    token,
    object: "main",
    pinFile,
    environment: { SOFTHSM2_CONF: config },
  };
  const openWith = (settings: object) => openPkcs11Key(pkcs11Key.parse({ ...entry, ...settings }));
  return {
    folder,
    library,
    entry,
    openWith,
    open: () => openWith({}),
    openOther: () => openWith({ object: "other" }),
    be: () => {},
    requests: () => 0,
    close: () => rm(folder, { recursive: true }),
  };
}

/** A program that makes AES keys in the token. */
function makeKeys({ library, keys }: { library: string; keys: Keys }): string {
  const given = Object.entries(keys).map(([label, { value, decrypt = true }]) => ({
    label,
    decrypt,
    value: value?.toString("hex"),
  }));
  const client = createRequire(import.meta.url).resolve("pkcs11js");
  return `
    const p = require(${JSON.stringify(client)});
    const hsm = new p.PKCS11();
    hsm.load(${JSON.stringify(library)});
    hsm.C_Initialize();
    const slot = hsm.C_GetSlotList(true).find((one) => hsm.C_GetTokenInfo(one).label.trim() === "${token}");
    const session = hsm.C_OpenSession(slot, p.CKF_SERIAL_SESSION | p.CKF_RW_SESSION);
    hsm.C_Login(session, p.CKU_USER, "${pin}");
    ${JSON.stringify(given)}.forEach(({ label, decrypt, value }, index) => {
      const template = [
        { type: p.CKA_CLASS, value: p.CKO_SECRET_KEY },
        { type: p.CKA_KEY_TYPE, value: p.CKK_AES },
        { type: p.CKA_LABEL, value: label.replace(/-again$/, "") },
        { type: p.CKA_ID, value: Buffer.from([index + 1]) },
        { type: p.CKA_TOKEN, value: true },
        { type: p.CKA_PRIVATE, value: true },
        { type: p.CKA_SENSITIVE, value: true },
        { type: p.CKA_EXTRACTABLE, value: false },
        { type: p.CKA_ENCRYPT, value: true },
        { type: p.CKA_DECRYPT, value: decrypt },
      ];
      if (value) hsm.C_CreateObject(session, [...template, { type: p.CKA_VALUE, value: Buffer.from(value, "hex") }]);
      else hsm.C_GenerateKey(session, { mechanism: p.CKM_AES_KEY_GEN }, [...template, { type: p.CKA_VALUE_LEN, value: 32 }]);
    });
    hsm.C_Finalize();
  `;
}
