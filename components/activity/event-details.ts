import type { ActivityDetails, ActivityEvent } from "@/lib/audit/schema";
import { checkCodes } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { type Provider, providers } from "@/lib/fabrics/schema";

/** The details below an event: fields, destinations, source and outcome. */
export function eventDetails({ action, objectName, details }: ActivityEvent): string[] {
  const { name, from, to, version, field, fields, connection, destination, source, provider, role } = details;
  const { reason, rule, accessToken, count, length, fromHost, toHost } = details;
  const { within, permission, team, member, method, sessions, accessTokens } = details;
  const isCheck = action === "connection.check" || action === "connection.status";
  const said = [
    isCheck && outcome(details),
    permission !== undefined && `to ${permissionTexts[text(permission)] ?? text(permission)}`,
    refusals[`${action} ${details.code}`],
    action === "fabric.versions" && to !== undefined && `to ${text(to)}`,
    action.endsWith(".confirm") && to !== undefined && confirmed(to, from),
    !action.endsWith(".confirm") &&
      from !== undefined &&
      `from “${text(from)}”${to === undefined ? "" : ` to “${text(to)}”`}`,
    name !== undefined && name !== objectName && `by the name “${text(name)}”`,
    purposeOf(details),
    connection !== undefined && connection !== "" && `connection “${text(connection)}”`,
    details.secret !== undefined && `secret “${text(details.secret)}”`,
    destination !== undefined && text(destination) !== "" && `to ${text(destination)}`,
    source !== undefined && `${action === "secret.use" ? "at" : "from"} ${text(source)}`,
    !isCheck && field !== undefined && words(field),
    // Text and Binary have only the field "value". Omit its name: readers could take it for a stored value.
    fields !== undefined &&
      !["", "value"].includes(text(fields)) &&
      `${action.endsWith(".update") ? "changed " : ""}${words(fields)}`,
    toHost !== undefined && `host ${text(toHost)}, before ${text(fromHost ?? "") || "none"}`,
    version !== undefined && `version ${text(version)}`,
    provider !== undefined && `provider ${providers[text(provider) as Provider] ?? text(provider)}`,
    team !== undefined && `team “${text(team)}”`,
    role !== undefined && `as ${text(role)}`,
    rule !== undefined && `to ${text(rule)}`,
    length !== undefined && `the name asked for has ${text(length)} characters and is like none here`,
    reason !== undefined &&
      text(reason) !== "" &&
      (reasons[`${action} ${text(reason)}`] ?? `“${text(reason)}”`),
    member !== undefined && `of ${text(member)}`,
    method !== undefined && (method === "openid" ? "with single sign-on" : "with a password"),
    sessions !== undefined && accessTokens !== undefined && many(sessions, "session"),
    sessions !== undefined && accessTokens !== undefined && many(accessTokens, "access token"),
    within !== undefined && count !== undefined && `${many(count, "more time")} within an hour`,
    within === undefined && count !== undefined && Number(count) > 1 && `${text(count)} times in a minute`,
    accessToken !== undefined && `by the access token “${text(accessToken)}”`,
  ];
  return said.filter((part): part is string => typeof part === "string");
}

/** Why Selvage itself allowed a destination. */
const reasons: Readonly<Record<string, string>> = {
  "destination.allow open": "The fabric allows every destination",
  "destination.allow upgrade": "It was in use before destinations were required",
};

const refusals: Readonly<Record<string, string>> = {
  "secret.refuse not_found": "There is no secret of this name, or not for this token",
  "secret.refuse no_version": "This version is not there, or its fabric keeps fewer",
  "secret.refuse destination_not_allowed": "Its token server is not allowed yet",
  "secret.refuse wrong_type": "Only a secret of the type M2M OAuth gives tokens",
  "connection.refuse destination_not_allowed": "A secret may not be sent to the connection’s destination yet",
  "connection.refuse misconfigured": "Its settings name no host that can be read",
  "connection.refuse not_found": "There is no connection of this name, or not for this token",
  "connection.refuse not_confirmed": "It references other secrets than an Admin confirmed for this token",
  "token.refuse wrong_address": "It may not be used from this address",
  "session.refuse wrong_password": "The password was wrong",
  "session.refuse delayed": "It came too soon after others",
  "session.refuse locked": "The password was right, and the account is locked",
  "session.refuse more": "From further networks",
  "act.refuse forbidden": "Their role does not allow it",
  "act.refuse not_fresh": "It needs a sign-in of the last ten minutes",
  "act.refuse more": "Further actions",
  "access_token.refuse revoked": "It was revoked",
  "access_token.refuse expired": "It has expired",
  "access_token.refuse locked": "Its owner is locked",
  "access_token.refuse not_fresh": "A new one needs a sign-in of the last ten minutes",
  "token.refuse revoked": "It was revoked",
  "token.refuse expired": "It has expired",
  "token.refuse read_only": "Secrets are not written this way",
  "token.refuse wrong_fabric": "It is for another fabric",
  "token.refuse wrong_audience": "Its audience is another than the one that is trusted",
  "token.refuse wrong_subject": "Its subject is not of the pattern that is trusted",
  "token.refuse several_fabrics": "Several fabrics trust its audience, and the request names none",
  "token.refuse wrong_signature": "Its signature is not of the issuer's key",
  "token.refuse unknown_key": "It is signed by a key that the issuer does not have",
  "token.refuse no_keys": "The issuer does not give out its keys",
  "token.refuse token_expired": "It has expired",
  "token.refuse wrong_life": "It lives longer than a day, or begins later",
  "token.refuse malformed": "It is not a token of the form that is trusted",
  "token.refuse too_large": "It asked for more of files than one answer holds",
  "token.refuse busy": "It asked for large files while others were not read yet",
  "token.refuse too_many": "It asked for more at once than it may in a minute",
  "token.refuse rate_limited": "It asked more often than it may",
};

/** Descriptions of the refused action, by permission. */
const permissionTexts: Readonly<Record<string, string>> = {
  "secret:delete": "delete a secret",
  "secret:name:drop": "drop a former name",
  "fabric:write": "create, edit or delete a fabric",
  "token:write": "change pipeline tokens, issuers or former versions",
  "destination:write": "decide about destinations",
  "team:write": "change members",
  "access:list": "see the tokens of members",
  "access:revoke": "revoke the token of a member",
};

/** A check's outcome, in the words that the check itself uses. */
function outcome({ ok, code, field, tookMs }: ActivityDetails): string {
  const took = tookMs === undefined ? "" : ` after ${text(tookMs)} ms`;
  if (ok === true) return `Passed${took}`;
  const known = checkCodes.find((one) => one === code);
  const reason = known ? checkTexts[known].title : "It did not pass.";
  const where = field === undefined ? "" : ` Field ${words(field)}.`;
  return `Failed${took}: ${reason}${where}`;
}

/** The secrets that a connection brings along after the confirmation. */
function confirmed(to: Value, from: Value = []): string {
  const instead = text(from) === "" ? "" : ` instead of ${text(from)}`;
  return `with ${text(to)}${instead}`;
}

function purposeOf({ purpose }: ActivityDetails): string | false {
  if (purpose === "check") return "for a check";
  if (purpose === "token") return "to buy a token";
  if (purpose === "connection") return "handed to the pipeline with its connection";
  return purpose === "pipeline" ? "handed to the pipeline" : false;
}

type Value = NonNullable<ActivityDetails[keyof ActivityDetails]>;

function text(value: Value): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** clientSecret → client secret */
function words(value: Value): string {
  return text(value).replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
}

function many(count: Value, one: string): string {
  return `${text(count)} ${one}${Number(count) === 1 ? "" : "s"}`;
}
