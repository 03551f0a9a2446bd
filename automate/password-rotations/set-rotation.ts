import { newDestinations } from "@/automate/checks/authorize-destinations";
import { prepareCheck } from "@/automate/checks/prepare-check";
import { actFor } from "@/automate/http/act-for";
import {
  findSubject,
  isExposed,
  type Subject,
  signInProperties,
} from "@/automate/password-rotations/rotation";
import { nextDue } from "@/automate/password-rotations/schedule";
import { addDestinations } from "@/automate/secrets/add-destinations";
import { lockDestinations } from "@/automate/secrets/remove-destination";
import { findSecretById } from "@/automate/secrets/usable-secret";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { passwordKindOf } from "@/lib/connectors/password-kinds";
import { findConnector } from "@/lib/connectors/registry";
import { isUser, userFieldOf } from "@/lib/connectors/validate";
import type { Tx } from "@/lib/db/client";
import type { RotationInput, RotationProblem } from "@/lib/password-rotations/schema";
import { NotFound } from "@/lib/result";
import { secretKinds } from "@/lib/secrets/kinds/registry";

type Admin = Scope<"rotation:write">;
export type NotSet = { problem: RotationProblem; destinations?: string[] };

/**
 * Stores how Selvage rotates the password of a secret, or says why it cannot. Nothing is sent to a server. The
 * destinations of the administrator's secret are allowed when this Admin was shown exactly them. Throws `NotFound`.
 */
export async function setRotation(
  scope: Admin,
  input: RotationInput,
): Promise<{ secretId: string } | NotSet> {
  const { fabricId, teamId, actor } = scope;
  const isPair = input.method === "pair";
  const rotation = {
    secretId: input.secretId,
    method: input.method,
    administratorId: isPair ? (input.administratorId ?? null) : null,
    users: isPair ? input.users : [],
  };
  const found = await findSubject(scope, { ...rotation, connectionId: input.connectionId });
  if (!found.ok && found.code === "secret_missing") throw new NotFound("Secret not found.");
  if (!found.ok) return { problem: found.code };
  const subject = found.value;
  const unfit = await unfitOf(scope, subject, input.length);
  if (unfit) return { problem: unfit };
  const prepared = await prepareCheck(scope, subject.connection.kind, signInProperties(subject));
  if (!prepared.ok) return { problem: prepared.code };
  const missing = await newDestinations(fabricId, prepared.value);
  const ofOthers = missing.filter(({ secret }) => secret.id !== rotation.administratorId);
  // The other secrets are the connection's own, and belong to its page.
  if (ofOthers.length > 0) return { problem: "destination_not_allowed" };
  const destinations = missing.flatMap((one) => one.destinations);
  const isShown = destinations.every((one) => input.shownDestinations?.includes(one));
  if (!isShown) return { problem: "destination_unconfirmed", destinations };
  const { secret, connection } = subject;
  return actFor(actor, async (tx) => {
    await lockDestinations(tx, fabricId, "carry");
    if (await isRunning(tx, secret.id)) return { problem: "running" };
    const kept = await lockUsable(tx, fabricId, [secret.id, rotation.administratorId ?? secret.id]);
    if (!kept.includes(secret.id)) throw new NotFound("Secret not found.");
    if (!kept.includes(rotation.administratorId ?? secret.id)) return { problem: "administrator_unfit" };
    for (const one of missing)
      await addDestinations(tx, scope, one.secret, one.destinations, "destination.allow", {
        details: { connection: connection.name },
      });
    const { length, alphabet, everyDays, window, overlapMinutes } = input;
    const schedule = {
      everyDays,
      windowStart: window?.startMinute ?? null,
      windowMinutes: window?.minutes ?? null,
    };
    const allowed = await tx.allowedDestination.findMany({
      where: { secretId: secret.id, version: secret.version },
      select: { destination: true },
    });
    const present = allowed.map(({ destination }) => destination);
    const data = {
      fabricId,
      destinations: present.filter((one) => input.valueDestinations?.includes(one) ?? true),
      connectionId: connection.id,
      ...rotation,
      ...{ length, alphabet, overlapMinutes: input.method === "own" ? 0 : overlapMinutes },
      ...schedule,
      ...{ failures: 0, failingSince: null, problem: null, dueAt: nextDue(schedule, 0, new Date()) },
      ...{ setAt: new Date(), setById: actor.id, setByName: actor.name },
    };
    await tx.passwordRotation.upsert({ where: { secretId: secret.id }, create: data, update: data });
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "secret.rotation.set",
      object: { kind: "secret", id: secret.id, name: secret.name },
      details: {
        rotation: input.method,
        connection: connection.name,
        ...(everyDays === null ? {} : { everyDays }),
      },
    });
    return { secretId: secret.id };
  });
}

/** Why the rotation cannot work with these settings; null when it can. */
async function unfitOf(
  { fabricId }: Admin,
  { rotation: { method, users, administratorId }, secret, connection, field }: Subject,
  length: number,
): Promise<RotationProblem | null> {
  const connector = findConnector(connection.kind);
  const rules = passwordKindOf(connection.kind);
  if (!connector || rules?.field !== field || !rules.methods.includes(method)) return "kind_unfit";
  if (isExposed({ connection })) return "unencrypted";
  if (method === "key_pair") return null;
  const userField = userFieldOf(connector, field);
  if (!userField) return "kind_unfit";
  if (length > (rules.maxLength ?? length)) return "length_unfit";
  if (method === "own") return null;
  if (!secretKinds[secret.subKind].givesUser) return "needs_user";
  if (users.some((user) => !isUser(connector, userField, user))) return "user_unfit";
  const administrator = await findSecretById({ fabricId }, administratorId ?? "");
  const isFit =
    administrator && administrator.id !== secret.id && secretKinds[administrator.subKind].givesUser;
  return isFit ? null : "administrator_unfit";
}

/** Ends the rotation of a secret. Its value stays. Throws `NotFound`. */
export function removeRotation(
  scope: Scope<"rotation:run">,
  secretId: string,
): Promise<{ secretId: string } | NotSet> {
  const { fabricId, teamId, actor } = scope;
  return actFor(actor, async (tx) => {
    if ((await tx.passwordRotation.count({ where: { secretId, fabricId } })) === 0)
      throw new NotFound("Rotation not found.");
    if (await isRunning(tx, secretId)) return { problem: "running" };
    const { count } = await tx.passwordRotation.deleteMany({ where: { secretId, fabricId } });
    if (count === 0) throw new NotFound("Rotation not found.");
    const secret = await tx.secret.findUniqueOrThrow({ where: { id: secretId }, select: { name: true } });
    await record(tx, {
      actor,
      teamId,
      fabricId,
      action: "secret.rotation.remove",
      object: { kind: "secret", id: secretId, name: secret.name },
    });
    return { secretId };
  });
}

/** Locks secrets against their deletion until the transaction ends. Returns the ids of those that are not in the trash. */
async function lockUsable(tx: Tx, fabricId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM secret WHERE id = ANY(${[...ids]}) AND "fabricId" = ${fabricId} AND "deletedAt" IS NULL
    ORDER BY id FOR SHARE`;
  return rows.map(({ id }) => id);
}

/** Locks the rotation until the transaction ends, and returns whether a run of it has not ended. */
async function isRunning(tx: Tx, secretId: string): Promise<boolean> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`password rotation ${secretId}`}, 0))`;
  return (await tx.passwordRun.count({ where: { secretId, endedAt: null } })) > 0;
}
