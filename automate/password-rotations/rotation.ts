import { findConnectionsToCheck, type UsingConnection } from "@/automate/candidates/using-connections";
import { findSecretById, type SecretWithAuthors } from "@/automate/secrets/usable-secret";
import { db } from "@/lib/db/client";
import { isLoopbackHost } from "@/lib/egress/host";
import type { Alphabet, RotationMethod, RotationProblem } from "@/lib/password-rotations/schema";
import { fail, ok, type Result } from "@/lib/result";

/** A stored rotation. */
export type PasswordRotation = {
  secretId: string;
  fabricId: string;
  connectionId: string;
  method: RotationMethod;
  administratorId: string | null;
  users: string[];
  /** Where the value could be sent when an Admin set the rotation up. */
  destinations: string[];
  length: number;
  alphabet: Alphabet;
  everyDays: number | null;
  windowStart: number | null;
  windowMinutes: number | null;
  overlapMinutes: number;
  failures: number;
};

/** A rotation with its secret, and the connection at whose server it sets the password. */
export type Subject = {
  rotation: Pick<PasswordRotation, "secretId" | "method" | "administratorId" | "users">;
  secret: SecretWithAuthors;
  connection: UsingConnection;
  /** The connection's field of the password. */
  field: string;
};

/** Sets `failingSince` at the first failure of a series. Reminders count the days from it. */
export function failingSince({ failures }: Pick<PasswordRotation, "failures">): { failingSince?: Date } {
  return failures === 0 ? { failingSince: new Date() } : {};
}

/** Returns a rotation of the fabric, or null. */
export async function findRotation(
  { fabricId }: { fabricId: string },
  secretId: string,
): Promise<PasswordRotation | null> {
  const row = await db.passwordRotation.findFirst({ where: { secretId, fabricId } });
  return row as PasswordRotation | null;
}

/** Finds the secret and the connection of a rotation, stored or not. */
export async function findSubject(
  { fabricId }: { fabricId: string },
  rotation: Subject["rotation"] & { connectionId: string },
): Promise<Result<Subject, Extract<RotationProblem, "secret_missing" | "not_used">>> {
  const secret = await findSecretById({ fabricId }, rotation.secretId);
  if (!secret) return fail("secret_missing");
  const [connection] = await findConnectionsToCheck(fabricId, secret.id, [rotation.connectionId]);
  const [field] = Object.entries(connection?.properties ?? {}).find(([, value]) => value === secret.id) ?? [];
  return connection && field !== undefined ? ok({ rotation, secret, connection, field }) : fail("not_used");
}

/** The connection's settings with which Selvage signs in to set a password. */
export function signInProperties({ rotation, connection, field }: Subject): Record<string, unknown> {
  const { method, administratorId } = rotation;
  return method === "pair" ? { ...connection.properties, [field]: administratorId } : connection.properties;
}

/**
 * True for a connection that would carry the new password's verifier over a network in clear. With it, somebody who also
 * reads a later sign-in could sign in.
 */
export function isExposed({ connection: { properties } }: Pick<Subject, "connection">): boolean {
  return properties.tlsMode === "disable" && !isLoopbackHost(String(properties.server));
}
