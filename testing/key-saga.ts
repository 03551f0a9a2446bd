import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import { type Db, isOutage } from "@/lib/db/client";
import { createSecret } from "@/lib/secrets/mutations";
import { sealFields, sealingKey } from "@/lib/secrets/sealing";
import { renameSecret, replaceSecret } from "@/lib/secrets/update";
import type { createTestAutomates } from "@/testing/automate";
import type { TestFabric } from "@/testing/fabric";

/** The most secrets that the writer creates: each rotation reseals them. */
const maxWritten = 200;
/** Between two writes, or two reads of one reader. Other tests run at the same time. */
const pauseMs = 10;

/** A running copy of automate. While it ends, its answers prove nothing. */
export type Copy = { url: string; internalUrl: string; process: ChildProcess; isEnding: boolean };

/** Two copies of automate on one database, which can be ended and started again. */
export async function startCopies(
  automates: ReturnType<typeof createTestAutomates>,
  env: Record<string, string> = {},
) {
  const start = async (more = env): Promise<Copy> => ({ ...(await automates.start(more)), isEnding: false });
  const copies: Copy[] = await Promise.all([start(), start()]);
  return {
    /** A copy that is not ending. */
    any(): Copy {
      const alive = copies.filter(({ isEnding }) => !isEnding);
      const copy = alive[Math.floor(Math.random() * alive.length)];
      if (!copy) throw new Error("No copy is alive.");
      return copy;
    },
    byPid: (pid: number) => copies.find((copy) => copy.process.pid === pid),
    all: () => [...copies],
    async end(copy: Copy, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
      copy.isEnding = true;
      const ended = once(copy.process, "exit");
      copy.process.kill(signal);
      await ended;
    },
    /** Starts a copy in place of one that ended. */
    async replace(copy: Copy, more?: Record<string, string>): Promise<Copy> {
      const next = await start(more);
      copies[copies.indexOf(copy)] = next;
      return next;
    },
  };
}

export type Copies = Awaited<ReturnType<typeof startCopies>>;

/** Writes values that nobody changes, quickly. Returns their names; each value is its name with "value of ". */
export async function addFixedValues(owner: Db, fabric: TestFabric, count: number): Promise<string[]> {
  const { fabricId, user } = fabric;
  const key = await sealingKey(fabricId, owner);
  const by = { createdById: user.id, createdByName: user.name };
  const updated = { updatedById: user.id, updatedByName: user.name };
  const rows = Array.from({ length: count }, (_, i) => ({ id: uuidv7(), name: `fixed_${i}` }));
  await owner.secret.createMany({
    data: rows.map(({ id, name }) => ({
      ...{ id, fabricId, name, nameKey: name, subKind: "text" },
      ...by,
      ...updated,
    })),
  });
  await owner.secretName.createMany({
    data: rows.map(({ id, name }) => ({ fabricId, name, nameKey: name, secretId: id })),
  });
  await owner.secretVersion.createMany({
    data: rows.map(({ id }) => ({
      secretId: id,
      ...{ version: 1, fabricId, manifest: { value: 1 }, metadata: {} },
      ...by,
    })),
  });
  const sealed = await Promise.all(
    rows.map(({ id, name }) =>
      sealFields(key, { secretId: id, subKind: "text", version: 1 }, { value: `value of ${name}` }),
    ),
  );
  await owner.secretField.createMany({ data: sealed.flat() });
  return rows.map(({ name }) => name);
}

/**
 * Creates, replaces and renames secrets all the time, as web does. When the database is not available, it is
 * not known whether a write was stored: then both values may be there.
 */
export function writeOn(fabric: TestFabric) {
  const scope = fabric.scope("user", "secret:write");
  /** Secret id → its present name, version, and the values that it may have. */
  const written = new Map<string, { names: string[]; version: number; values: string[] }>();
  const faults: string[] = [];
  let isOver = false;
  let n = 0;
  const write = async () => {
    n += 1;
    const ids = [...written.keys()];
    const id = ids[Math.floor(n / 2) % Math.max(1, ids.length)];
    const secret = id === undefined ? undefined : written.get(id);
    if (id === undefined || secret === undefined || (n % 3 === 0 && ids.length < maxWritten)) {
      const name = `live_${n}`;
      const input = { subKind: "text", name, description: "", fields: { value: `first ${n}` } } as const;
      const created = await createSecret(scope, input);
      if (!created.ok) throw new Error(created.code);
      written.set(created.value.id, { names: [name], version: 1, values: [`first ${n}`] });
    } else if (n % 2 === 1) {
      const fields = { value: `next ${n}` };
      secret.values.push(fields.value);
      const input = { subKind: "text" as const, secretId: id, fields, destinationIds: [] };
      const replaced = await replaceSecret(scope, { ...input, expectedVersion: secret.version });
      if (replaced.ok) Object.assign(secret, { version: replaced.value.version, values: [fields.value] });
      // An earlier replace whose outcome was unknown was stored.
      else secret.version += 1;
    } else {
      const name = `renamed_${n}`;
      secret.names.push(name);
      await renameSecret(scope, { secretId: id, name });
      secret.names = [name];
    }
  };
  const writing = (async () => {
    for (; !isOver; await sleep(pauseMs))
      await write().catch((error: Error) => {
        if (!isOutage(error)) faults.push(`${error.name}: ${error.message}`);
      });
  })();
  return {
    written,
    faults,
    count: () => n,
    stop: () => {
      isOver = true;
      return writing;
    },
  };
}

/** Reads fixed values all the time, as pipelines do. `isOutage` says whether Postgres is away on purpose. */
export function readOn(copies: Copies, token: string, names: readonly string[], isAway: () => boolean) {
  const faults: string[] = [];
  let isOver = false;
  let reads = 0;
  const read = async () => {
    // Both end at the same moment.
    if (copies.all().every(({ isEnding }) => isEnding)) return;
    const copy = copies.any();
    const name = names[Math.floor(Math.random() * names.length)] ?? "";
    const wasAway = isAway();
    const answer = await readSecret(copy, token, name);
    reads += 1;
    if (answer === `value of ${name}` || copy.isEnding || wasAway || isAway()) return;
    faults.push(`${name}: ${answer}`);
  };
  const reading = Array.from({ length: 2 }, async () => {
    for (; !isOver; await sleep(pauseMs)) await read();
  });
  return {
    faults,
    count: () => reads,
    stop: () => {
      isOver = true;
      return Promise.all(reading);
    },
  };
}

/** The value, or the status of the refusal. */
export async function readSecret({ url }: Copy, token: string, name: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/v1/secrets/${name}`, { headers }).catch(() => null);
  if (response?.status !== 200) return `status ${response?.status}: ${await response?.text()}`;
  return ((await response.json()) as { value: string }).value;
}
