import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chooseMasterKey } from "@/automate/keys/choose-master-key";
import { createFabricKeys } from "@/automate/keys/fabric-keys";
import { claimRotation } from "@/automate/keys/key-rotation";
import { masterKeyOf } from "@/automate/keys/master-key-of";
import { storeStates } from "@/automate/keys/master-key-states";
import { requireKeyring } from "@/automate/keys/require-keyring";
import { rotateFabricKey } from "@/automate/keys/rotate-fabric-key";
import { reseal } from "@/automate/secrets/reseal";
import { closeDb, createDb, type Db, db } from "@/lib/db/client";
import { type Keyring, openKeyring } from "@/lib/kms/keyring";
import { findMasterKeyChoice, listUnusableMasterKeys } from "@/lib/master-keys/queries";
import { createTestDatabase } from "@/testing/database";
import { createTestFabric, type TestFabric } from "@/testing/fabric";
import { createTestKeys } from "@/testing/keys";

const dir = mkdtempSync(join(tmpdir(), "selvage-keyring-"));
let owner: Db;
let ours: TestFabric;
let theirs: TestFabric;
let files: { main: string; ours: string; theirs: string };
let keyring: Keyring;

beforeAll(async () => {
  const { web, automate } = await createTestKeys();
  const urls = await createTestDatabase("automate");
  Object.assign(process.env, web, automate);
  owner = createDb(urls.ownerUrl);
  files = { main: automate.MASTER_KEY_FILE, ours: keyFile("ours"), theirs: keyFile("theirs") };
});

beforeEach(async () => {
  await owner.fabric.deleteMany();
  await owner.fabricKey.deleteMany();
  await owner.masterKey.deleteMany();
  await owner.keyRotation.deleteMany();
  ours = await createTestFabric(owner, "ours");
  theirs = await createTestFabric(owner, "theirs");
  keyring = await open("main", "ours", "theirs");
});

afterAll(async () => {
  await owner.$disconnect();
  await closeDb();
  rmSync(dir, { recursive: true });
});

function keyFile(name: string): string {
  const path = join(dir, name);
  writeFileSync(path, randomBytes(32).toString("base64url"), { mode: 0o600 });
  return path;
}

/** A keyring of these keys, of which the first is primary. */
async function open(...labels: (keyof typeof files)[]): Promise<Keyring> {
  const teams = { main: undefined, ours: ours.teamId, theirs: theirs.teamId };
  const keys = labels.map((label) => ({ label, provider: "local", file: files[label], team: teams[label] }));
  const configFile = join(dir, "keyring.json");
  writeFileSync(configFile, JSON.stringify({ primary: labels[0], keys }), { mode: 0o600 });
  return openKeyring({ configFile });
}

const fingerprint = (label: string) => keyring.keys.find((key) => key.label === label)?.fingerprint ?? "";
const wrappedBy = () =>
  owner.fabricKey
    .findMany({ where: { fabricId: ours.fabricId }, select: { masterKeyId: true } })
    .then((rows) => rows.map(({ masterKeyId }) => masterKeyId));
const keysOf = (by: Keyring) =>
  createFabricKeys(db, by, JSON.parse(process.env.AUTOMATE_SIGNING_KEY ?? "{}"));
const choose = (label: string | null) =>
  chooseMasterKey(
    keysOf(keyring),
    ours.scope("admin", "fabric-key:write"),
    label === null ? null : fingerprint(label),
  );
/** Reads the private key of our fabric as a copy of automate that has just started with this keyring. */
async function read(by: Keyring) {
  const { kid } = await owner.fabricKey.findFirstOrThrow({ where: { fabricId: ours.fabricId } });
  return (await keysOf(by).privateKey(ours.fabricId, kid)).kid === kid;
}
/** Ends the rotation that a choice starts. */
async function rotate() {
  const rotation = await claimRotation("");
  if (!rotation) throw new Error("No rotation runs.");
  return rotateFabricKey(rotation, { keys: keysOf(keyring), reseal }, 0);
}

describe("a team's own master key", () => {
  test("wraps the keys of the fabric for which an Admin chose it, and no other key unwraps them then", async () => {
    expect(await wrappedBy()).toEqual([fingerprint("main")]);
    expect((await choose("ours")).label).toBe("ours");
    expect((await wrappedBy()).sort()).toEqual([fingerprint("main"), fingerprint("ours")].sort());
    expect(await rotate()).toBe("ended");
    expect(await wrappedBy()).toEqual([fingerprint("ours")]);
    expect(await read(keyring)).toBe(true);
    await expect(read(await open("main", "theirs"))).rejects.toMatchObject({ state: "missing" });
    expect((await masterKeyOf(db, keyring, ours.fabricId)).label).toBe("ours");
    expect((await masterKeyOf(db, keyring, theirs.fabricId)).label).toBe("main");
    expect(await owner.auditEvent.findFirstOrThrow({ where: { action: "fabric.key.master" } })).toMatchObject(
      {
        actorId: ours.admin.id,
        teamId: ours.teamId,
        fabricId: ours.fabricId,
        details: { to: "ours", masterKeyId: fingerprint("ours") },
      },
    );
  });

  test("is given up for the primary", async () => {
    await choose("ours");
    await rotate();
    expect((await choose(null)).label).toBe("main");
    await rotate();
    expect(await wrappedBy()).toEqual([fingerprint("main")]);
    expect(await read(await open("main"))).toBe(true);
    expect(await owner.fabricMasterKey.count()).toBe(0);
  });

  test.each(["theirs", "main", "unknown"])(
    "is the only one that a team may choose: %s is not found, and nothing changes",
    async (label) => {
      await expect(choose(label)).rejects.toMatchObject({ status: 404, code: "not_found" });
      expect(await wrappedBy()).toEqual([fingerprint("main")]);
      expect(await owner.fabricMasterKey.count()).toBe(0);
    },
  );

  test("that is chosen already, or while the former choice is still under way, starts nothing", async () => {
    expect((await choose(null)).label).toBe("main");
    expect(await owner.keyRotation.count()).toBe(0);
    await choose("ours");
    expect((await choose("ours")).label).toBe("ours");
    await expect(choose(null)).rejects.toMatchObject({ name: "AlreadyRotating" });
    expect(await owner.keyRotation.count()).toBe(1);
    expect((await masterKeyOf(db, keyring, ours.fabricId)).label).toBe("ours");
  });

  test("wraps nothing new once the keyring gives it to another team", async () => {
    await choose("ours");
    const { key, ...others } = { key: files.ours, main: files.main };
    const configFile = join(dir, "moved.json");
    const keys = [
      { label: "main", provider: "local", file: others.main },
      { label: "moved", provider: "local", file: key, team: theirs.teamId },
    ];
    writeFileSync(configFile, JSON.stringify({ primary: "main", keys }), { mode: 0o600 });
    await expect(masterKeyOf(db, await openKeyring({ configFile }), ours.fabricId)).rejects.toMatchObject({
      name: "KeyServiceFault",
      state: "missing",
    });
  });
});

describe("at start, a keyring", () => {
  test("that lacks some fabrics' master key warns which fabrics need it", async () => {
    await choose("ours");
    await rotate();
    const { name } = await owner.fabric.findUniqueOrThrow({ where: { id: ours.fabricId } });
    expect(await requireKeyring(await open("main", "theirs"))).toEqual([
      `The keyring has no master key ${fingerprint("ours")}, which 1 fabric needs: “${name}” of team “${name}”. Their secrets cannot be read until KMS_CONFIG lists that key.`,
    ]);
  });

  test("that unwraps no key of the database is refused", async () => {
    const keyringOfOthers = await openKeyring({ masterKeyFile: files.theirs });
    await expect(requireKeyring(keyringOfOthers)).rejects.toMatchObject({
      name: "WrongMasterKey",
      message: `Wrong master key (${fingerprint("theirs")}): this database was sealed under ${fingerprint("main")}. Restore that master key from your backup, or list it in KMS_CONFIG. If it is lost for good, see docs/recovery.md.`,
    });
  });
});

describe("the states of master keys", () => {
  const unusable = () => listUnusableMasterKeys(ours.scope("user", "fabric:see"));
  const age = (label: string, ms: number) =>
    owner.masterKey.update({
      where: { fingerprint: fingerprint(label) },
      data: { seenAt: new Date(Date.now() - ms) },
    });

  test("are stored with the time since when they hold, and only a team's Admin may choose among its keys", async () => {
    await storeStates(keyring);
    const before = await owner.masterKey.findMany({ orderBy: { label: "asc" } });
    expect(before).toMatchObject([
      {
        label: "main",
        provider: "local",
        keyName: files.main,
        teamId: null,
        isPrimary: true,
        state: "enabled",
      },
      { label: "ours", teamId: ours.teamId, isPrimary: false, state: "enabled" },
      { label: "theirs", teamId: theirs.teamId, isPrimary: false, state: "enabled" },
    ]);
    await storeStates(keyring);
    const after = await owner.masterKey.findMany({ orderBy: { label: "asc" } });
    expect(after.map(({ stateSince }) => stateSince)).toEqual(before.map(({ stateSince }) => stateSince));
    await choose("ours");
    expect(await findMasterKeyChoice(ours.scope("admin", "fabric-key:list"))).toEqual({
      chosen: fingerprint("ours"),
      options: [{ fingerprint: fingerprint("ours"), label: "ours", state: "enabled" }],
    });
  });

  test("show a key as missing that automate stopped seeing three minutes ago, unless no automate runs", async () => {
    expect(await unusable()).toEqual([]);
    await storeStates(keyring);
    expect(await unusable()).toEqual([]);
    await age("main", 4 * 60_000);
    expect(await unusable()).toMatchObject([{ label: "main", state: "missing" }]);
    await age("ours", 4 * 60_000);
    await age("theirs", 4 * 60_000);
    expect(await unusable()).toEqual([]);
    await owner.masterKey.delete({ where: { fingerprint: fingerprint("main") } });
    expect(await unusable()).toEqual([
      { fingerprint: fingerprint("main"), label: "", state: "missing", since: null },
    ]);
  });

  test("end with the keyring's last copy, unless a fabric needs the key", async () => {
    await choose("ours");
    await rotate();
    await storeStates(keyring);
    await owner.masterKey.updateMany({
      data: { seenAt: new Date(Date.now() - 2 * 3_600_000), isPrimary: true },
    });
    await storeStates(await open("main"));
    expect(await owner.masterKey.findMany({ orderBy: { label: "asc" } })).toMatchObject([
      { label: "main", isPrimary: true },
      { label: "ours", isPrimary: false },
    ]);
    expect(await findMasterKeyChoice(ours.scope("admin", "fabric-key:list"))).toEqual({
      chosen: fingerprint("ours"),
      options: [],
    });
  });

  test("show a fabric only the master keys of its own fabric keys", async () => {
    await storeStates(keyring);
    await owner.masterKey.update({
      where: { fingerprint: fingerprint("ours") },
      data: { state: "disabled" },
    });
    expect(await unusable()).toEqual([]);
    await choose("ours");
    expect(await unusable()).toMatchObject([{ label: "ours", state: "disabled", since: expect.any(Date) }]);
  });
});
