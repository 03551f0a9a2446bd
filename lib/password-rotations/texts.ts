import { type CheckCode, checkCodes } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import type { Overlap, RotationDetail, RotationProblem, RunSummary } from "@/lib/password-rotations/schema";

/** Why a rotation was not set up, or did not begin. */
export const problemTexts: Record<RotationProblem, string> = {
  kind_unfit: "Selvage cannot do this at the server of this connection. Choose another method or connection.",
  unencrypted:
    "Over a network, Selvage sets a password only on an encrypted connection. Choose another encryption on the connection’s page.",
  not_used: "The connection no longer uses this secret. Choose another one.",
  needs_user: "A pair of users requires a Username & Password secret, because the username changes too.",
  user_unfit: "A username has a character that database clients read as syntax.",
  length_unfit: "Servers of this kind take shorter passwords only: use at most 30 characters for Oracle.",
  administrator_unfit:
    "The administrator’s secret must be another Username & Password secret of this fabric.",
  destination_unconfirmed:
    "The administrator’s secret has not been sent to this server before. Tick the box below to allow it.",
  destination_not_allowed:
    "A secret of this connection may not be sent to its server. Check the connection, and allow the destination there.",
  misconfigured: "Some settings of the connection are not valid. Correct them on the connection’s page.",
  secret_missing: "A secret that the rotation needs was deleted or has another type.",
  user_not_in_pair: "The username in the secret is neither of the two users.",
  too_early: "The former user must keep its password for a while, because pipelines may still use it.",
  running: "The password is being rotated. Wait until that has ended.",
  candidate_waiting: "A new value of this secret waits for its promotion. Promote or discard it first.",
  connection_gone: "The connection was deleted.",
  restored:
    "A backup was restored, so the schedule is paused: the server may have another password by now. Rotate now, or set it up again, to resume it.",
};

/** Findings that mean something else here than in a check. */
function reasons(what: "password" | "key" | "value"): Partial<Record<CheckCode, string>> {
  return {
    not_permitted: `The user who signs in may not set this ${what}.`,
    cancelled: "The run was interrupted.",
    connection_closed: "The run was interrupted before the server had the new one.",
  };
}

/** Why a rotation failed or did not begin, by the code that its event has. Nothing of it comes from a server. */
export function failureText(code: string, hasBegun: boolean): string {
  const problem = (problemTexts as Readonly<Record<string, string>>)[code];
  const check = checkCodes.find((one) => one === code);
  const found = check && (reasons("value")[check] ?? checkTexts[check].title);
  return (hasBegun ? (found ?? problem) : (problem ?? found)) ?? "Unknown reason.";
}

/** Who keeps the former password or key, and until when, to the minute. No rotation begins before that time. */
export function overlapText({ method, user, until }: Overlap): string {
  const kept =
    method === "pair" ? `${user ?? "The former user"} keeps its password` : "The former key keeps working";
  const minute = new Date(Math.ceil(until.getTime() / 60_000) * 60_000);
  return `${kept} until ${minuteFormat.format(minute)} UTC; no rotation before that.`;
}

const minuteFormat = new Intl.DateTimeFormat("en-GB", {
  ...{ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  ...{ hourCycle: "h23", timeZone: "UTC" },
});

/** Why a rotation cannot run until somebody changes something; null when it can. */
export function brokenText({
  method,
  connectionName,
  administratorName,
}: Pick<NonNullable<RotationDetail["settings"]>, "method" | "connectionName" | "administratorName">):
  | string
  | null {
  if (connectionName === null)
    return "Its connection was deleted, or no longer uses this secret. An Admin can restore the connection, or edit the rotation.";
  return method === "pair" && administratorName === null
    ? "Its administrator’s secret was deleted. Restore that secret, or edit the rotation."
    : null;
}

/** What happened in a run, and which password the server has. */
export function runText(run: RunSummary): string {
  const { state, serverHas, user, version, refusedBy, code, gapMs, isKey } = run;
  const what = isKey ? "key" : "password";
  const why = code ? ` ${(state === "failed" && reasons(what)[code]) || checkTexts[code].title}` : "";
  const refused = refusedBy.length > 0 ? ` Refused by ${refusedBy.join(", ")}.` : "";
  if (state === "done") {
    const who = user ? `User ${user} has a new ${what}` : "The password is new";
    const gap =
      gapMs === null ? "" : ` For ${secondsOf(gapMs)}, pipelines that read it still got the former one.`;
    return `${who}${version === null ? "" : `, in version ${version}`}.${gap}${refused}`;
  }
  if (state !== "failed") {
    if (state === "setting" && code)
      return `It is not known yet which ${what} the server has.${why} Selvage asks again.`;
    return state === "setting"
      ? `The new ${what} is being set at the server.`
      : "The new value is being checked.";
  }
  if (serverHas === "former" && code === "rejected_credentials")
    return `Nothing was changed: the server refused ${refusedSignIn(run)}.`;
  if (serverHas === "former") return `The server still has the former ${what}.${why}`;
  if (serverHas === "unknown")
    return user
      ? `It is not known whether user ${user} has a new ${what}.${why} The current value works as before, and the next run sets a new one.`
      : `It is not known which ${what} the server has.${why} Try the new value and promote it, or enter the right one.`;
  const isNotAllowed = code === "destination_not_allowed";
  return user
    ? `User ${user} has a new ${what} that nobody uses. The current value works as before.${refused}${isNotAllowed ? " It may not be sent there: an Admin can edit the rotation to allow where the present value goes." : ""}`
    : "The server has the new password, but it did not become the current value. Enter a password at the server and here.";
}

/** Whose sign-in a server refused, before anything was set. */
function refusedSignIn({ isKey, user, signedInBy }: RunSummary): string {
  if (isKey) return "the sign-in with the present key";
  if (user === "") return "the sign-in with the present password";
  return signedInBy === null ? "the administrator’s sign-in" : `the sign-in of ${signedInBy}`;
}

function secondsOf(ms: number): string {
  return ms < 1000 ? "less than a second" : `${Math.round(ms / 1000)} s`;
}

/** What the rotation does, in one sentence. */
export function settingsText(settings: NonNullable<RotationDetail["settings"]>): string {
  const { method, users, administratorName, everyDays, windowStart, windowMinutes } = settings;
  const who =
    method !== "pair"
      ? `The user changes its own ${method === "own" ? "password" : "key pair"}`
      : `${administratorName ?? "A deleted secret"} sets the passwords of ${users.join(" and ")} in turn`;
  const often = everyDays === null ? "when an Admin starts it" : everyText(everyDays);
  const window =
    everyDays === null || windowStart === null || windowMinutes === null
      ? ""
      : `, from ${clock(windowStart)} for ${windowMinutes / 60} hours (UTC)`;
  return `${who}, ${often}${window}.`;
}

/** "every day" or "every 30 days". */
function everyText(days: number): string {
  return days === 1 ? "every day" : `every ${days} days`;
}

/** A minute of the day as "HH:MM". */
export function clock(minute: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
