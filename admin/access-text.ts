import type { AccessList, EndedAll } from "@/admin/operator-access";
import type { EndedAccess } from "@/lib/users/end-access";

// The texts about access that the operator's commands print.

/** A sentence that counts the access that ended for one person. */
export function counts({ sessions, accessTokens, invitations }: EndedAccess): string {
  return `Ended ${many(sessions, "session")}, ${many(accessTokens, "access token")} and ${many(invitations, "open invitation")}.`;
}

export function endedText({ people, pipelineTokens, trustedIssuers, ...ended }: EndedAll): string {
  return [
    `${many(people, "person", "people")}: ${counts(ended)}`,
    `Revoked ${many(pipelineTokens, "pipeline token")}. Removed ${many(trustedIssuers, "trusted issuer")}.`,
  ].join("\n");
}

export function accessText({ people, pipelineTokens, trustedIssuers }: AccessList): string {
  const lines = [
    ...people.flatMap(({ email, name, isLocked, sessions, lastSeenAt, tokens }) => [
      `${email} (${name})${isLocked ? ", locked" : ""}: ${many(sessions, "session")}${lastSeenAt ? `, last active ${day(lastSeenAt)}` : ""}`,
      ...tokens.map((token) => `  access token "${token.name}": ${times(token)}`),
    ]),
    ...pipelineTokens.map(
      (token) => `pipeline token "${token.name}" of ${token.fabric}, by ${token.createdBy}: ${times(token)}`,
    ),
    ...trustedIssuers.map(
      ({ name, issuer, fabric, createdBy }) =>
        `trusted issuer "${name}" (${issuer}) of ${fabric}, by ${createdBy}`,
    ),
  ];
  // Names are chosen by users. Control characters in them could control the operator's terminal (escape
  // injection).
  return lines.map((line) => line.replace(/\p{Cc}/gu, "�")).join("\n");
}

function times({ expiresAt, lastUsedAt }: { expiresAt: Date | null; lastUsedAt: Date | null }): string {
  return `expires ${expiresAt ? day(expiresAt) : "never"}, last used ${lastUsedAt ? day(lastUsedAt) : "never"}`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}

function many(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
