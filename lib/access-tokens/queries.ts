import "server-only";
import { activeToken } from "@/lib/access/active-token";
import type { TeamScope } from "@/lib/access/scope";
import type { AccessTokenSummary, MemberAccessToken } from "@/lib/access-tokens/schema";
import { hashAccessToken, isAccessToken } from "@/lib/access-tokens/token";
import type { Actor } from "@/lib/actor";
import { noteRefusal } from "@/lib/audit/refusals";
import { db } from "@/lib/db/client";
import { createRowLoader } from "@/lib/db/loader";
import { preparedQuery } from "@/lib/db/prepared";
import { tokenStatus } from "@/lib/pipeline-tokens/schema";

const minuteMs = 60_000;

type TokenRow = {
  n: number;
  id: string;
  name: string;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  userId: string;
  userName: string;
  email: string;
  accessEpoch: number;
  isRevoked: boolean;
  isLocked: boolean;
};

const findTokens = preparedQuery<TokenRow>(
  `SELECT input.n::int AS n, t.id, t.name, t."expiresAt", t."lastUsedAt", u.id AS "userId", u.name AS "userName", u.email, t."accessEpoch",
     t."revokedAt" IS NOT NULL OR u."accessEpoch" <> t."accessEpoch" AS "isRevoked", u."lockedAt" IS NOT NULL AS "isLocked"
   FROM unnest($1::text[]) WITH ORDINALITY AS input("tokenHash", n)
   JOIN access_token t ON t."tokenHash" = input."tokenHash"
   JOIN app_user u ON u.id = t."userId"`,
);
const findToken = createRowLoader<string, TokenRow>((hashes) => findTokens(hashes));

const columns = {
  id: true,
  name: true,
  createdAt: true,
  expiresAt: true,
  lastUsedAt: true,
  revokedAt: true,
  accessEpoch: true,
  user: { select: { id: true, name: true, accessEpoch: true } },
} as const;

/** The person's own access tokens: all that work, then the newest 200 others. */
export async function listAccessTokens(actor: Actor): Promise<AccessTokenSummary[]> {
  const now = new Date();
  const list = (where: object, take: number) =>
    db.accessToken.findMany({
      where: { userId: actor.id, ...where },
      orderBy: { id: "desc" },
      take,
      select: { ...columns, revokedByName: true },
    });
  const rows = await Promise.all([list(activeToken(now), 1_000), list({ NOT: activeToken(now) }, 200)]).then(
    (lists) => lists.flat(),
  );
  const tokens = rows.map(({ user, accessEpoch, ...row }): AccessTokenSummary => {
    const isOver = accessEpoch !== user.accessEpoch;
    return { ...row, status: isOver ? "revoked" : tokenStatus(row, now) };
  });
  const isActive = ({ status }: AccessTokenSummary) => status === "active";
  return [...tokens.filter(isActive), ...tokens.filter((token) => !isActive(token))];
}

/** The access tokens with which members can act in the team, by member. Reveals no other team. */
export async function listMemberAccessTokens(
  { teamId }: TeamScope<"access:list">,
  now = new Date(),
): Promise<MemberAccessToken[]> {
  const rows = await db.accessToken.findMany({
    where: {
      ...activeToken(now),
      user: { memberships: { some: { teamId } } },
    },
    orderBy: [{ user: { name: "asc" } }, { id: "asc" }],
    take: 5_000,
    select: {
      id: true,
      name: true,
      expiresAt: true,
      lastUsedAt: true,
      accessEpoch: true,
      user: {
        select: {
          name: true,
          lockedAt: true,
          accessEpoch: true,
          memberships: { where: { teamId }, select: { role: true } },
        },
      },
    },
  });
  return rows.flatMap(({ user, accessEpoch, ...token }) => {
    const role = user.memberships[0]?.role;
    if (!role || accessEpoch !== user.accessEpoch) return [];
    return [{ ...token, ownerName: user.name, ownerRole: role, isOwnerLocked: user.lockedAt !== null }];
  });
}

/**
 * Returns the person that a working access token acts for. Returns null for a token that is unknown, expired
 * or revoked, or whose owner is locked; the caller must answer all of these alike.
 * The actor counts as never signed in, so it gets no permission that requires a recent sign-in.
 */
export async function findAccessTokenActor(
  token: string,
  now = new Date(),
): Promise<(Actor & { kind: "user" }) | null> {
  if (!isAccessToken(token)) return null;
  const [row] = await findToken([hashAccessToken(token)]);
  if (!row) return null;
  const { userId, userName, email, accessEpoch } = row;
  const code = refusalOf(row, now);
  if (code) {
    noteRefusal(`access token ${row.id}`, code, {
      actor: { kind: "user", id: userId, name: userName, accessToken: { id: row.id, name: row.name } },
      teamId: null,
      fabricId: null,
      action: "access_token.refuse",
      object: { kind: "token", id: row.id, name: row.name },
      details: { code },
    });
    return null;
  }
  const minuteAgo = new Date(now.getTime() - minuteMs);
  // Accurate to a minute, so that a busy token does not cause a write for each request.
  if (row.lastUsedAt === null || row.lastUsedAt < minuteAgo)
    await db.accessToken.updateMany({ where: { id: row.id }, data: { lastUsedAt: now } });
  const person = { id: userId, name: userName, email, accessEpoch };
  return {
    kind: "user",
    ...person,
    authenticatedAt: new Date(0),
    accessToken: { id: row.id, name: row.name },
  };
}

/**
 * Why an existing token is refused, or null. Selvage audits the reason, but answers as for an unknown token.
 */
function refusalOf({ isLocked, isRevoked, expiresAt }: TokenRow, now: Date) {
  if (isRevoked) return "revoked";
  if (isLocked) return "locked";
  return expiresAt !== null && expiresAt <= now ? "expired" : null;
}
