import "server-only";
import {
  authorizeEntry,
  entryLinkActor,
  findOpenEntryLink,
  lockEntryLink,
  type OpenEntryLink,
} from "@/lib/access/entry-link";
import { isOutage, type Tx } from "@/lib/db/client";
import type { EnterValueInput, ShownOffer } from "@/lib/entry-links/schema";
import { type EntryOffer, linkIdOf } from "@/lib/internal-api/bodies/entry-link";
import { askAfterCommit, askAutomate } from "@/lib/internal-api/client";
import { createRateLimit } from "@/lib/limits/rate-limit";
import { logFailure } from "@/lib/log";
import { fail, NotFound, OutcomeUnknown, ok, QuotaExceeded, type Result } from "@/lib/result";
import { type Entered, enterWithLink } from "@/lib/secrets/enter";
import { isSubKind } from "@/lib/secrets/kinds/registry";
import { fileTooLarge } from "@/lib/secrets/write";
import { wipeBytes } from "@/lib/wipe";

/** Why a person with a link cannot see or use it. */
export type EntryCode =
  | ("not_valid" | "rate_limited" | "unavailable")
  | ("too_large" | "quota_exceeded" | "outcome_unknown" | "unexpected");

/** How often one link may be shown or tried in a minute. Nobody needs more, and no other link is affected. */
const perMinute = 30;
let limit: ReturnType<typeof createRateLimit> | undefined;

/** What somebody with this token may enter, or why they cannot. Changes nothing. */
export async function showEntry({ token }: { token: string }): Promise<Result<ShownOffer, EntryCode>> {
  return guarded(async () => {
    const proved = await prove(token);
    if (!proved.ok) return proved;
    const { linkId: _, subKind, ...offer } = proved.value.offer;
    return isSubKind(subKind) ? ok({ ...offer, subKind }) : fail("not_valid");
  });
}

/**
 * Seals and stores the value that somebody entered with this token, and ends the link: both happen or nothing. Then has
 * automate allow the destinations that they were shown.
 */
export async function enterValue({ token, ...value }: EnterValueInput): Promise<Result<null, EntryCode>> {
  return guarded(async () => {
    const proved = await prove(token);
    if (!proved.ok) return proved;
    const { link } = proved.value;
    if (link.subKind !== value.subKind) return fail("not_valid");
    const tooLarge = fileTooLarge(value);
    if (tooLarge) return tooLarge;
    const scope = authorizeEntry(link);
    const { secretId, secretName: name, createdById, createdByName } = link;
    const target =
      secretId === null
        ? { secretId, name, creator: { id: createdById, name: createdByName } }
        : { secretId };
    await enterWithLink(scope, value, target, (tx, entered) => useLink(tx, link.id, entered));
    // If this fails, automate settles the version at its first use.
    await askAfterCommit(requesterOf(link), "entry-link:settle", { token });
    return ok(null);
  }).finally(() => wipeBytes(value));
}

/**
 * Ends the link in the transaction that stores the version. Throws `NotFound` when somebody else used or revoked it
 * meanwhile.
 */
async function useLink(tx: Tx, linkId: string, { secretId, version }: Entered): Promise<void> {
  await lockEntryLink(tx, linkId);
  if (!(await findOpenEntryLink(linkId, tx))) throw new NotFound("The entry link was used or revoked.");
  await tx.$executeRaw`
    INSERT INTO entry_link_use ("linkId", "secretId", version) VALUES (${linkId}, ${secretId}, ${version})`;
}

type Proved = { link: OpenEntryLink; offer: EntryOffer };

/**
 * Has automate compare the token with its hash, which web may not read. Before that, looks the link up by its id: a
 * stranger with a made-up token causes no write and no request.
 */
async function prove(token: string): Promise<Result<Proved, EntryCode>> {
  const id = linkIdOf(token);
  const link = id === null ? null : await findOpenEntryLink(id);
  if (!link) return fail("not_valid");
  limit ??= createRateLimit({ perMinute, table: "web_rate_window" });
  if ((await limit.take(`entry link ${link.id}`)) !== null) return fail("rate_limited");
  const answer = await askAutomate(requesterOf(link), "entry-link:show", { token });
  if (answer.ok) return ok({ link, offer: answer.value });
  return fail(answer.code === "refused" ? "not_valid" : "unavailable");
}

function requesterOf(link: OpenEntryLink) {
  return { actor: entryLinkActor(link), fabricId: link.fabricId };
}

/** Returns a code for every failure: the person has no account, and nobody to ask but the one who sent the link. */
async function guarded<T>(run: () => Promise<Result<T, EntryCode>>): Promise<Result<T, EntryCode>> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof NotFound) return fail("not_valid");
    if (error instanceof QuotaExceeded) return fail("quota_exceeded");
    if (isOutage(error)) return fail("unavailable");
    logFailure("entry link", error);
    return fail(error instanceof OutcomeUnknown ? "outcome_unknown" : "unexpected");
  }
}
