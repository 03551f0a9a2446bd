import "server-only";
import type { Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { db, Prisma, type Tx } from "@/lib/db/client";
import { ownerOf } from "@/lib/expiry/owner";
import { expiryOf, type Owner } from "@/lib/expiry/schema";
import { fail, ok, type Result } from "@/lib/result";
import type { SecretMetadata } from "@/lib/secrets/schema";
import { editor, entry, expiryColumns, lockSecret, type Writer } from "@/lib/secrets/write";
import { emailKey } from "@/lib/users/schema";

type Locked = Awaited<ReturnType<typeof lockSecret>>;

/** Sets when the current value expires. With null, the date that the value itself carries counts, or none. */
export async function setSecretExpiry(
  scope: Writer,
  { secretId, expiresAt }: { secretId: string; expiresAt: string | null },
): Promise<Result<null, never>> {
  await db.$transaction(async (tx) => setExpiry(tx, scope, await lockSecret(tx, scope, secretId), expiresAt));
  return ok(null);
}

/** Makes a member the owner, or the Admins with null. */
export async function setSecretOwner(
  scope: Writer,
  { secretId, ownerId }: { secretId: string; ownerId: string | null },
): Promise<Result<null, "not_a_member">> {
  return db.$transaction(async (tx) => {
    const secret = await lockSecret(tx, scope, secretId);
    const owner = ownerId === null ? null : await findMember(tx, scope, { id: ownerId });
    if (owner === undefined) return notAMember();
    await setOwner(tx, scope, secret, owner);
    return ok(null);
  });
}

/** The member with this address, null for the Admins; undefined when the owner stays. */
export async function findOwnerByEmail(
  tx: Tx,
  scope: Writer,
  email: string | null | undefined,
): Promise<Owner | null | undefined | "not_a_member"> {
  if (email === undefined || email === null) return email;
  return (await findMember(tx, scope, { emailKey: emailKey(email) })) ?? "not_a_member";
}

/** The date that a person or script entered; null for none. A client that sends back what it read enters nothing. */
export function enteredDate(
  { expiresAt, expirySource }: Pick<Locked, "expiresAt" | "expirySource">,
  given: string | null | undefined,
): string | null {
  const isCarried = expirySource !== "entered" && given === expiresAt.toISOString();
  return isCarried ? null : (given ?? null);
}

/** `setSecretExpiry`, in the transaction that has locked the secret. Writes nothing when nothing changes. */
export async function setExpiry(
  tx: Tx,
  scope: Writer,
  secret: Locked,
  expiresAt: string | null,
): Promise<void> {
  const { metadata } = await tx.secretVersion.findFirstOrThrow({
    where: { secretId: secret.id },
    orderBy: { version: "desc" },
    select: { metadata: true },
  });
  const columns = expiryColumns(metadata as SecretMetadata, enteredDate(secret, expiresAt));
  const isSame =
    columns.expiresAt.getTime() === secret.expiresAt.getTime() &&
    columns.expirySource === secret.expirySource;
  if (isSame) return;
  await tx.secret.update({
    where: { id: secret.id },
    data: { ...columns, ...editor(scope) },
    select: { id: true },
  });
  // The reminders about the former date were put off.
  await tx.snooze.deleteMany({ where: { topic: "secret.expires", objectId: secret.id } });
  const from = dayText(secret);
  await record(tx, entry(scope, "secret.expiry", secret, { from, to: dayText(columns) }));
}

/** Makes a member the owner, or the Admins, in the transaction that has locked the secret. */
export async function setOwner(
  tx: Tx,
  scope: Writer,
  { id, name }: Pick<Locked, "id" | "name">,
  owner: Owner | null,
): Promise<void> {
  const [present] = await tx.$queryRaw<Owner[]>`
    SELECT o.* FROM secret s JOIN fabric f ON f.id = s."fabricId" CROSS JOIN LATERAL (${Prisma.raw(ownerOf("s"))}) o
    WHERE s.id = ${id}`;
  if ((present?.id ?? null) === (owner?.id ?? null)) return;
  await tx.secret.update({
    where: { id },
    data: { ownerId: owner?.id ?? "", ownerSince: new Date(), ...editor(scope) },
    select: { id: true },
  });
  const [from, to] = [present, owner].map((one) => one?.name ?? "Admins");
  await record(tx, entry(scope, "secret.owner", { id, name }, { from: from ?? "", to: to ?? "" }));
}

/** A member of the team who can sign in; undefined for everybody else. */
async function findMember(
  tx: Tx,
  { teamId }: Pick<Scope<"secret:write">, "teamId">,
  who: { id: string } | { emailKey: string },
): Promise<Owner | undefined> {
  const member = await tx.membership.findFirst({
    where: { teamId, user: { ...who, lockedAt: null } },
    select: { user: { select: { id: true, name: true, email: true } } },
  });
  return member?.user;
}

/** The failure for an owner who is no member of the fabric’s team. */
export function notAMember() {
  return fail("not_a_member", { owner: "Choose a member of the fabric’s team." });
}

function dayText({ expiresAt, expirySource }: { expiresAt: Date; expirySource: string }): string {
  return expiryOf(expiresAt, expirySource) ? expiresAt.toISOString().slice(0, 10) : "never";
}
