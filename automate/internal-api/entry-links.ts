import type { FastifyInstance } from "fastify";
import { actFor } from "@/automate/http/act-for";
import { Refusal } from "@/automate/http/error";
import { handle, handleWithoutPerson } from "@/automate/internal-api/verify-request";
import { notRemovedSince } from "@/automate/secrets/remove-destination";
import { settleVersion } from "@/automate/secrets/settle-version";
import { findSecretById } from "@/automate/secrets/usable-secret";
import {
  authorizeEntry,
  findEntryLinkByToken,
  hashEntryToken,
  lockEntryLink,
  newEntryToken,
  type OpenEntryLink,
} from "@/lib/access/entry-link";
import { mayNow, type Scope } from "@/lib/access/scope";
import { record } from "@/lib/audit/record";
import { formatDestination } from "@/lib/connectors/format-destination";
import { db, type Tx } from "@/lib/db/client";
import { getDestinationRule, listAuthorityNames } from "@/lib/destinations/queries";
import { listNamedDestinations } from "@/lib/entry-links/destinations";
import type { AutomateBody } from "@/lib/internal-api/contract";
import { isSubKind } from "@/lib/secrets/kinds/registry";
import { isSecretName } from "@/lib/secrets/schema";

/** How many open links a fabric may have. */
const maxOpenLinks = 200;

/** Creates and revokes entry links for people with a recent sign-in, and shows one to the holder of its token. */
export function entryLinkRoutes(app: FastifyInstance): void {
  handle(app, "entry-link:create", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    const isByAdmin = mayNow(scope, "destination:write");
    const isLocked = (await getDestinationRule(scope)) === "locked";
    if (isLocked && !isByAdmin && body.destinations.length > 0) return { problem: "locked" };
    return actFor(actor, async (tx) => {
      const secret = await secretOf(tx, scope, body.secret);
      if (!(await areNamed(tx, scope, body.destinations, secret))) return { problem: "unknown_destination" };
      await requireRoom(tx, fabricId);
      const { id, token, tokenHash } = newEntryToken();
      const { name, note, destinations, hours } = body;
      await tx.entryLink.create({
        data: {
          ...{ id, fabricId, name, note, tokenHash, destinations, isByAdmin },
          ...{ secretId: secret.id, secretName: secret.name, subKind: secret.subKind },
          ...{ createdById: actor.id, createdByName: actor.name },
          createdEpoch: actor.kind === "user" ? actor.accessEpoch : 0,
          expiresAt: new Date(Date.now() + hours * 3_600_000),
        },
        select: { id: true },
      });
      await record(tx, {
        ...{ actor, teamId, fabricId },
        action: "entry_link.create",
        object: { kind: "entry_link", id, name },
        details: { secret: secret.name, destination: destinations },
      });
      return { id, token };
    });
  });

  handle(app, "entry-link:revoke", async ({ scope, body }) => {
    const { fabricId, teamId, actor } = scope;
    return actFor(actor, async (tx) => {
      await lockEntryLink(tx, body.linkId);
      const row = await tx.entryLink.findFirst({
        where: { id: body.linkId, fabricId },
        select: { id: true, name: true, revokedAt: true, use: { select: { linkId: true } } },
      });
      if (!row) throw new Refusal(404, "not_found", "Entry link not found.");
      const { id, name } = row;
      if (row.revokedAt || row.use) return { id };
      await tx.entryLink.update({
        where: { id },
        data: { revokedAt: new Date(), revokedByName: actor.name },
        select: { id: true },
      });
      await record(tx, {
        ...{ actor, teamId, fabricId },
        action: "entry_link.revoke",
        object: { kind: "entry_link", id, name },
      });
      return { id };
    });
  });

  handleWithoutPerson(app, "entry-link:show", async ({ token }) => {
    const link = await findEntryLinkByToken(token);
    if (!link) throw new Refusal(404, "not_found", "Entry link not found.");
    const destinations = await presentDestinations(link);
    const authorities = await listAuthorityNames(authorizeEntry(link), destinations);
    return {
      ...{ linkId: link.id, linkName: link.name, note: link.note, subKind: link.subKind },
      ...{ secretName: link.secretName, isNew: link.secretId === null },
      ...{ fabricName: link.fabricName, teamName: link.teamName },
      ...{ askedByName: link.createdByName, askedByEmail: link.createdByEmail },
      expiresAt: link.expiresAt.toISOString(),
      destinations: destinations.map((key) => formatDestination(key, authorities)),
    };
  });

  handleWithoutPerson(app, "entry-link:settle", async ({ token }) => {
    const link = await db.entryLink.findUnique({
      where: { tokenHash: hashEntryToken(token) },
      select: { fabricId: true, use: { select: { secretId: true } } },
    });
    if (!link?.use) throw new Refusal(404, "not_found", "Entry link not found.");
    const { secretId } = link.use;
    // The stored version determines what is allowed. This request only settles it sooner.
    await settleVersion(link.fabricId, secretId);
    const secret = await findSecretById(link, secretId);
    const allowed = await db.allowedDestination.count({ where: { secretId, version: secret?.version ?? 0 } });
    return { allowed };
  });
}

/** The destinations of a link, without those that an Admin has removed from its secret since. */
async function presentDestinations({
  id,
  fabricId,
  secretId,
  destinations,
}: OpenEntryLink): Promise<string[]> {
  if (secretId === null) return destinations;
  const { createdAt: since } = await db.entryLink.findUniqueOrThrow({
    where: { id },
    select: { createdAt: true },
  });
  return notRemovedSince(db, fabricId, { secretId, since }, destinations);
}

type Target = { id: string | null; name: string; subKind: string };

/** The secret of a new link. Throws `Refusal` for one that does not exist, and for a name or type that none can have. */
async function secretOf(
  tx: Tx,
  scope: Scope<"entry-link:write">,
  secret: AutomateBody<"entry-link:create">["secret"],
): Promise<Target> {
  if ("id" in secret) {
    const found = await findSecretById(scope, secret.id, tx);
    if (!found) throw new Refusal(404, "not_found", "Secret not found.");
    const { id, name, subKind } = found;
    return { id, name, subKind };
  }
  if (!isSecretName(secret.name) || !isSubKind(secret.subKind))
    throw new Refusal(400, "invalid", "No secret can have this name and type.");
  return { id: null, ...secret };
}

/** True when saved connections name each of these destinations: those of the secret, or for a new one, of its type. */
async function areNamed(
  tx: Tx,
  scope: Scope<"entry-link:write">,
  destinations: readonly string[],
  { id, subKind }: Target,
): Promise<boolean> {
  if (destinations.length === 0) return true;
  const named = await listNamedDestinations(tx, scope, id ?? undefined);
  const fitting = named.filter((one) => one.subKind === subKind).map(({ destination }) => destination);
  return destinations.every((destination) => fitting.includes(destination));
}

async function requireRoom(tx: Tx, fabricId: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`quota entry links ${fabricId}`}, 0))`;
  const open = await tx.entryLink.count({
    where: { fabricId, revokedAt: null, expiresAt: { gt: new Date() }, use: null },
  });
  if (open < maxOpenLinks) return;
  const message = `This fabric has ${open} open entry links, its limit. Revoke one that nobody needs.`;
  throw new Refusal(409, "quota_exceeded", message);
}
