import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { BadMasterKey } from "@/lib/kms/define";
import vectors from "@/lib/kms/vectors/wrapped-keys.json";
import { testPromises } from "@/testing/key-services/promises";
import { pin, type SoftHsm, startSoftHsm } from "@/testing/key-services/softhsm";
import { runProgram } from "@/testing/peers/real-server";

const context = { fabricId: "0193-fabric", kid: "0193-key" };
const key = new Uint8Array(32).fill(7);

describe("SoftHSM", () => {
  testPromises({ provider: "pkcs11", start: startSoftHsm, bindsContext: true, outcomes: [] });
});

describe("an HSM that cannot be used", () => {
  let hsm: SoftHsm;
  beforeAll(async () => {
    hsm = await startSoftHsm({ "main-again": {}, "encrypts only": { decrypt: false } });
  });
  afterAll(() => hsm.close());

  /** The process that runs the library for the test's keys. */
  function hostIds(): number[] {
    const statusOf = (id: string) => {
      try {
        return readFileSync(`/proc/${id}/status`, "utf8") + readFileSync(`/proc/${id}/cmdline`, "utf8");
      } catch {
        return "";
      }
    };
    return readdirSync("/proc")
      .filter((id) => /^\d+$/.test(id))
      .filter((id) => {
        const status = statusOf(id);
        return status.includes(`PPid:\t${process.pid}\n`) && status.includes("pkcs11-host");
      })
      .map(Number);
  }

  async function compile(name: string, source: string): Promise<string> {
    const [file, library] = [join(hsm.folder, `${name}.c`), join(hsm.folder, `${name}.so`)];
    await writeFile(file, source);
    const install = "Install a C compiler: apt-get install gcc.";
    await runProgram("gcc", ["-shared", "-fPIC", "-o", library, file, "-ldl"], install);
    return library;
  }

  test("two keys of one name need an id, and none is missing", async () => {
    const states: string[] = [];
    for (const settings of [{}, { id: "01" }, { object: "nothing" }, { token: "nothing" }]) {
      const master = await hsm.openWith(settings);
      states.push((await master.describe()).state);
      await master.close?.();
    }
    expect(states).toEqual(["missing", "enabled", "missing", "unavailable"]);
  });

  test("a key that may not decrypt is disabled", async () => {
    const master = await hsm.openWith({ object: "encrypts only" });
    expect((await master.describe()).state).toBe("disabled");
    await master.close?.();
  });

  test("a refused PIN is sent once, until its file changes", async () => {
    const pinFile = join(hsm.folder, "wrong-pin");
    await writeFile(pinFile, "canary-wrong", { mode: 0o600 });
    const master = await hsm.openWith({ id: "01", pinFile });
    for (let round = 0; round < 5; round += 1)
      await expect(master.wrap(key, context)).rejects.toMatchObject({ state: "denied" });
    expect(hostIds()).toEqual([]);
    await writeFile(pinFile, pin);
    expect((await master.describe()).state).toBe("enabled");
    await master.close?.();
  });

  test("of many callers at once, a refused PIN is sent by one", async () => {
    const logins = join(hsm.folder, "logins");
    const source = `
      #include <dlfcn.h>
      #include <stdio.h>
      #define CK_PTR *
      #define CK_DECLARE_FUNCTION(type, name) type name
      #define CK_DECLARE_FUNCTION_POINTER(type, name) type (* name)
      #define CK_CALLBACK_FUNCTION(type, name) type (* name)
      #define NULL_PTR 0
      #include "${join(process.cwd(), "node_modules/pkcs11js/includes/pkcs11/pkcs11.h")}"
      static CK_FUNCTION_LIST own, *real;
      static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length) {
        FILE *file = fopen("${logins}", "a");
        fputs("login\\n", file);
        fclose(file);
        return real->C_Login(session, user, pin, length);
      }
      CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) {
        void *library = dlopen("${hsm.library}", RTLD_NOW);
        CK_RV (*get)(CK_FUNCTION_LIST **) = dlsym(library, "C_GetFunctionList");
        get(&real);
        own = *real;
        own.C_Login = login;
        *list = &own;
        return 0;
      }`;
    const pinFile = join(hsm.folder, "another-wrong-pin");
    await writeFile(pinFile, "canary-wrong", { mode: 0o600 });
    const master = await hsm.openWith({ id: "01", pinFile, library: await compile("counting", source) });
    const calls = Array.from({ length: 10 }, () => master.wrap(key, context));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(calls.map(() => "rejected"));
    await expect(master.wrap(key, context)).rejects.toMatchObject({ state: "denied" });
    expect(readFileSync(logins, "utf8")).toBe("login\n");
  });

  test("a PIN file that others can read is refused at start", async () => {
    const pinFile = join(hsm.folder, "open-pin");
    await writeFile(pinFile, pin, { mode: 0o644 });
    await expect(hsm.openWith({ pinFile })).rejects.toThrow(BadMasterKey);
    await expect(hsm.openWith({ library: "/nowhere.so" })).rejects.toThrow(/library \/nowhere.so is missing/);
  });

  test("the library sees its own variables, and none of automate", async () => {
    const master = await hsm.openWith({ id: "01" });
    await master.describe();
    const [host] = hostIds();
    const names = readFileSync(`/proc/${host}/environ`, "utf8")
      .split("\0")
      .map((line) => line.split("=")[0]);
    expect(names.filter(Boolean).sort()).toEqual([
      "NODE_CHANNEL_FD",
      "NODE_CHANNEL_SERIALIZATION_MODE",
      "NODE_ENV",
      "SOFTHSM2_CONF",
    ]);
    await master.close?.();
    await expect.poll(hostIds).toEqual([]);
  });

  test("after its process was killed, calls work again in a moment", async () => {
    const master = await hsm.openWith({ id: "01" });
    const wrapped = await master.wrap(key, context);
    for (const id of hostIds()) process.kill(id, "SIGKILL");
    await vi.waitFor(async () => expect(await master.unwrap(wrapped, context)).toEqual(key), 10_000);
    await master.close?.();
  });

  test("a library that stops answering is replaced by the next call", async () => {
    const master = await hsm.openWith({ id: "01" });
    const wrapped = await master.wrap(key, context);
    const [stopped = 0] = hostIds();
    process.kill(stopped, "SIGSTOP");
    const limit = () => AbortSignal.timeout(1_000);
    await expect(master.unwrap(wrapped, context, limit())).rejects.toMatchObject({ state: "unavailable" });
    await expect.poll(hostIds).not.toContain(stopped);
    expect(await master.unwrap(wrapped, context)).toEqual(key);
    await master.close?.();
  });

  test("a library that takes longer to start than a caller waits works in the end", async () => {
    const source = `
      #include <dlfcn.h>
      #include <unistd.h>
      unsigned long C_GetFunctionList(void **list) {
        sleep(3);
        void *real = dlopen("${hsm.library}", RTLD_NOW);
        return ((unsigned long (*)(void **))dlsym(real, "C_GetFunctionList"))(list);
      }`;
    const master = await hsm.openWith({ id: "01", library: await compile("slow", source) });
    const impatient = () => master.wrap(key, context, AbortSignal.timeout(1_000));
    await expect(impatient()).rejects.toMatchObject({ state: "unavailable" });
    await vi.waitFor(impatient, 15_000);
    await master.close?.();
  });

  test.each([
    ["hangs", "for (;;) pause();"],
    ["crashes", "__builtin_trap();"],
  ])("a library that %s harms neither automate nor another key", async (name, statement) => {
    const source = `#include <unistd.h>\nunsigned long C_GetFunctionList(void **list) { ${statement} return 0; }\n`;
    const library = await compile(name, source);
    const broken = await hsm.openWith({ library });
    const healthy = await hsm.openWith({ id: "01" });
    await healthy.describe();
    const startedAt = performance.now();
    const failed = broken.wrap(key, context, AbortSignal.timeout(3_000));
    const outcome = expect(failed).rejects.toMatchObject({ state: "unavailable" });
    expect(await healthy.unwrap(await healthy.wrap(key, context), context)).toEqual(key);
    let late = 0;
    for (let tick = 0; tick < 20; tick += 1) {
      const before = performance.now();
      await sleep(10);
      late = Math.max(late, performance.now() - before);
    }
    expect(late).toBeLessThan(1_000);
    await outcome;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await healthy.close?.();
    await broken.close?.();
    await expect.poll(hostIds).toEqual([]);
  });
});

test("every wrapped key of the vectors opens with its key in a token", async () => {
  const { keys } = vectors.pkcs11;
  expect(keys.length).toBeGreaterThan(0);
  const imported = Object.fromEntries(
    keys.map(({ masterKey }, index) => [`vector ${index}`, { value: Buffer.from(masterKey, "base64url") }]),
  );
  const hsm = await startSoftHsm(imported);
  for (const [index, { wrapped, opened, fabricId, kid }] of keys.entries()) {
    const master = await hsm.openWith({ object: `vector ${index}` });
    const bytes = await master.unwrap(wrapped, { fabricId, kid });
    expect(Buffer.from(bytes).toString("base64url")).toBe(opened);
    await master.close?.();
  }
  await hsm.close();
});
