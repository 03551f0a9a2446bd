import "@/lib/protect-process";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import type { MasterKeyState } from "@/lib/kms/define";

/*
 * Runs the PKCS#11 library of an HSM's vendor in a process of its own, for one key. Calls of PKCS#11 block their
 * thread, and a library can crash: then automate kills or loses this process, and starts another.
 */

export type Pkcs11Setup = {
  library: string;
  token: string;
  serial?: string | undefined;
  object: string;
  /** CKA_ID in hexadecimal digits. */
  id?: string | undefined;
  pin: string;
};
export type Pkcs11Call =
  | { call: number; operation: "wrap"; key: Uint8Array; context: string }
  | { call: number; operation: "unwrap"; wrapped: string; context: string }
  | { call: number; operation: "describe" };
export type Pkcs11Answer = { call: number } & (
  | { result: string | Uint8Array | MasterKeyState }
  | { cannotUnwrap: true }
  | { fault: Exclude<MasterKeyState, "enabled">; reason: string; isPinRefused: boolean }
);

/** The part of `pkcs11js` that this program uses. Its own types are missing where npm left this optional package out. */
type Attribute = { type: number; value?: number | string | Buffer };
type Mechanism = { mechanism: number; parameter: object };
type Pkcs11Library = {
  load(path: string): void;
  C_Initialize(): void;
  C_GetSlotList(tokenPresent: boolean): Buffer[];
  C_GetTokenInfo(slot: Buffer): { label: string; serialNumber: string };
  C_OpenSession(slot: Buffer, flags: number): Buffer;
  C_Login(session: Buffer, user: number, pin: string): void;
  C_FindObjectsInit(session: Buffer, template: Attribute[]): void;
  C_FindObjects(session: Buffer, max: number): Buffer[];
  C_FindObjectsFinal(session: Buffer): void;
  C_GetAttributeValue(session: Buffer, object: Buffer, template: Attribute[]): { value: Buffer }[];
  C_EncryptInit(session: Buffer, mechanism: Mechanism, key: Buffer): void;
  C_Encrypt(session: Buffer, data: Buffer, room: Buffer): Buffer;
  C_DecryptInit(session: Buffer, mechanism: Mechanism, key: Buffer): void;
  C_Decrypt(session: Buffer, data: Buffer, room: Buffer): Buffer;
};
type Constants = Record<
  "CKF_SERIAL_SESSION" | "CKU_USER" | "CKA_CLASS" | "CKO_SECRET_KEY" | "CKA_LABEL" | "CKA_ID" | "CKA_ENCRYPT",
  number
> &
  Record<"CKA_DECRYPT" | "CKM_AES_GCM" | "CK_PARAMS_AES_GCM_v240", number>;

const pkcs11: Constants & { PKCS11: new () => Pkcs11Library } = createRequire(import.meta.url)("pkcs11js");

const ivBytes = 12;
const tagBytes = 16;

class Refusal extends Error {
  constructor(
    readonly state: Exclude<MasterKeyState, "enabled">,
    message: string,
    readonly isPinRefused = false,
  ) {
    super(message);
  }
}

/** Signs in to the token and finds the key. Returns the key's operations. */
function openKey({ library, token, serial, object, id, pin }: Pkcs11Setup) {
  const hsm = new pkcs11.PKCS11();
  hsm.load(library);
  hsm.C_Initialize();
  const slot = hsm.C_GetSlotList(true).find((one) => {
    const info = hsm.C_GetTokenInfo(one);
    return info.label.trim() === token && (serial === undefined || info.serialNumber.trim() === serial);
  });
  if (!slot) throw new Refusal("unavailable", `no token is called ${token}`);
  const session = hsm.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION);
  signIn(hsm, session, pin);
  hsm.C_FindObjectsInit(session, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_LABEL, value: object },
    ...(id === undefined ? [] : [{ type: pkcs11.CKA_ID, value: Buffer.from(id, "hex") }]),
  ]);
  const [key, second] = hsm.C_FindObjects(session, 2);
  hsm.C_FindObjectsFinal(session);
  if (!key) throw new Refusal("missing", `the token has no secret key ${object}`);
  if (second) throw new Refusal("missing", `the token has several secret keys ${object}: give the id`);

  const mechanism = (iv: Buffer, context: string) => ({
    mechanism: pkcs11.CKM_AES_GCM,
    parameter: {
      type: pkcs11.CK_PARAMS_AES_GCM_v240,
      iv,
      ivBits: ivBytes * 8,
      aad: Buffer.from(context),
      tagBits: tagBytes * 8,
    },
  });
  const encrypt = (plain: Buffer, iv: Buffer, context: string) => {
    hsm.C_EncryptInit(session, mechanism(iv, context), key);
    return hsm.C_Encrypt(session, plain, Buffer.alloc(plain.length + tagBytes));
  };
  const decrypt = (sealed: Buffer, iv: Buffer, context: string) => {
    hsm.C_DecryptInit(session, mechanism(iv, context), key);
    return hsm.C_Decrypt(session, sealed, Buffer.alloc(sealed.length));
  };
  return {
    encrypt,
    decrypt,
    /** True if the key decrypts what it encrypts. */
    works: () => {
      const [plain, iv] = [randomBytes(32), randomBytes(ivBytes)];
      return decrypt(encrypt(plain, iv, "check"), iv, "check").equals(plain);
    },
    isAllowed: () => {
      const template = [{ type: pkcs11.CKA_ENCRYPT }, { type: pkcs11.CKA_DECRYPT }];
      return hsm.C_GetAttributeValue(session, key, template).every(({ value }) => value[0] === 1);
    },
  };
}

type OpenKey = ReturnType<typeof openKey>;

/** A token locks after a few wrong PINs, so a refused one is reported as such and never sent again. */
function signIn(hsm: Pkcs11Library, session: Buffer, pin: string): void {
  try {
    hsm.C_Login(session, pkcs11.CKU_USER, pin);
  } catch (error) {
    if (/^CKR_(PIN_|USER_PIN_)/.test((error as Error).message))
      throw new Refusal("denied", `the token refused the PIN: ${(error as Error).message}`, true);
    throw error;
  }
}

function answer(key: OpenKey, request: Pkcs11Call): Pkcs11Answer {
  const { call } = request;
  if (request.operation === "describe") {
    if (!key.isAllowed()) return { call, result: "disabled" };
    return { call, result: key.works() ? "enabled" : "unavailable" };
  }
  if (request.operation === "wrap") {
    const iv = randomBytes(ivBytes);
    const sealed = key.encrypt(Buffer.from(request.key), iv, request.context);
    return { call, result: `v1.${iv.toString("base64url")}.${sealed.toString("base64url")}` };
  }
  const [, iv = "", sealed = ""] = /^v1\.([\w-]{16})\.([\w-]{64})$/.exec(request.wrapped) ?? [];
  if (sealed === "") return { call, cannotUnwrap: true };
  try {
    const bytes = [sealed, iv].map((text) => Buffer.from(text, "base64url")) as [Buffer, Buffer];
    return { call, result: key.decrypt(...bytes, request.context) };
  } catch (error) {
    // Libraries disagree about the error of a wrong tag. If the key itself works, the wrapped key is at fault.
    if (key.works()) return { call, cannotUnwrap: true };
    throw error;
  }
}

/** Errors that another try of the same call cannot cure. */
const denied =
  /^CKR_(KEY_FUNCTION_NOT_PERMITTED|KEY_TYPE_INCONSISTENT|MECHANISM_INVALID|MECHANISM_PARAM_INVALID|USER_)/;

function faultOf(call: number, error: unknown): Pkcs11Answer {
  if (error instanceof Refusal)
    return { call, fault: error.state, reason: error.message, isPinRefused: error.isPinRefused };
  const { message } = error as Error;
  return {
    call,
    fault: denied.test(message) ? "denied" : "unavailable",
    reason: message,
    isPinRefused: false,
  };
}

let setup: Pkcs11Setup | undefined;
let opened: OpenKey | undefined;

function serve(message: Pkcs11Setup | Pkcs11Call): void {
  if ("library" in message) {
    setup = message;
    return;
  }
  if (!setup) return;
  try {
    opened ??= openKey(setup);
    process.send?.(answer(opened, message));
  } catch (error) {
    // A new process starts with a new session, since this one may be broken. Calls that wait here must not try a
    // refused PIN again.
    process.off("message", serve);
    process.send?.(faultOf(message.call, error), () => process.exit(0));
  }
}

process.on("message", serve);
process.on("disconnect", () => process.exit(0));
