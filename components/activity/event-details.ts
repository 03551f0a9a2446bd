import type { ActivityDetails, ActivityEvent } from "@/lib/audit/schema";
import { checkCodes } from "@/lib/connectors/check-protocol";
import { checkTexts } from "@/lib/connectors/check-texts";
import { fieldMeta } from "@/lib/connectors/define";
import { formatDestination } from "@/lib/connectors/format-destination";
import { connectors } from "@/lib/connectors/registry";
import { type Provider, providers } from "@/lib/fabrics/schema";
import { failureText } from "@/lib/password-rotations/texts";
import { secretKinds } from "@/lib/secrets/kinds/registry";

/**
 * The details below an event: fields, destinations, source and outcome. `authorities` names the CA certificates of
 * the destinations.
 */
export function eventDetails(
  { action, objectKind, objectName, details }: ActivityEvent,
  authorities: Readonly<Record<string, string>> = {},
): string[] {
  const { name, from, to, version, field, fields, connection, destination, source, provider, role } = details;
  const { reason, rule, accessToken, count, length, fromHost, toHost } = details;
  const { values, unopened, startedBy } = details;
  const { versions, destroyAt, until, candidate, despite, refusedBy, untried } = details;
  const { within, permission, team, member, method, sessions, accessTokens } = details;
  const isCheck = action === "connection.check" || action === "connection.status";
  const labels = objectKind === "secret" ? secretLabels : formLabels;
  const parts = [
    isCheck && outcome(details),
    permission !== undefined && `to ${permissionTexts[text(permission)] ?? text(permission)}`,
    refusals[`${action} ${details.code}`],
    action === "fabric.versions" && to !== undefined && `to ${text(to)}`,
    movedActions.includes(action) && to !== undefined && `to “${text(to)}”`,
    action === "fabric.key.master" && to !== undefined && `“${text(to)}”`,
    action.endsWith(".confirm") && to !== undefined && confirmed(to, from),
    !action.endsWith(".confirm") &&
      from !== undefined &&
      `from “${text(from)}”${to === undefined ? "" : ` to “${text(to)}”`}`,
    name !== undefined && name !== objectName && `by the name “${text(name)}”`,
    purposeOf(details),
    connection !== undefined && connection !== "" && `connection “${text(connection)}”`,
    details.secret !== undefined && `secret “${text(details.secret)}”`,
    destination !== undefined &&
      text(destination) !== "" &&
      `to ${[destination]
        .flat()
        .map((key) => formatDestination(String(key), authorities))
        .join(", and to ")}`,
    source !== undefined && `${action === "secret.use" ? "at" : "from"} ${text(source)}`,
    !isCheck && field !== undefined && labelsOf(field, labels),
    // Text and Binary have only the field "value". Omit its name: readers could take it for a stored value.
    fields !== undefined &&
      !["", "value"].includes(text(fields)) &&
      `${action.endsWith(".update") ? "changed " : ""}${labelsOf(fields, labels)}`,
    toHost !== undefined && `host ${text(toHost)}, before ${text(fromHost ?? "") || "none"}`,
    // A candidate's own number is not a version.
    version !== undefined && Number(version) > 0 && `version ${text(version)}`,
    candidate !== undefined && !action.startsWith("secret.rotation.") && "with the new value",
    action === "secret.promote" && refusedBy !== undefined && `although refused by ${text(refusedBy)}`,
    untried !== undefined && `not tried with ${text(untried)}`,
    // Of events from before these two.
    despite !== undefined && `although not accepted by ${text(despite)}`,
    versions !== undefined && `${/[–,]/.test(text(versions)) ? "versions" : "version"} ${text(versions)}`,
    destroyAt !== undefined && `its keys to be destroyed on ${text(destroyAt).slice(0, 10)}`,
    until !== undefined && `until ${text(until).slice(0, 10)}`,
    provider !== undefined && `provider ${providers[text(provider) as Provider] ?? text(provider)}`,
    team !== undefined && `team “${text(team)}”`,
    role !== undefined && `as ${text(role)}`,
    rule !== undefined && `to ${text(rule)}`,
    length !== undefined &&
      `the requested name has ${text(length)} characters and resembles no existing name`,
    reason !== undefined &&
      text(reason) !== "" &&
      (reasons[`${action} ${text(reason)}`] ?? `“${text(reason)}”`),
    member !== undefined && `of ${text(member)}`,
    method !== undefined && (method === "openid" ? "with single sign-on" : "with a password"),
    sessions !== undefined && accessTokens !== undefined && many(sessions, "session"),
    sessions !== undefined && accessTokens !== undefined && many(accessTokens, "access token"),
    values !== undefined && many(values, "value"),
    unopened !== undefined && `${many(unopened, "value")} could not be opened`,
    action === "secret.rotation.fail" &&
      details.code !== undefined &&
      failureText(text(details.code), candidate !== undefined),
    rotationOutcome(details),
    startedBy !== undefined && startedBy !== "" && `started by ${text(startedBy)}`,
    within !== undefined && count !== undefined && `${many(count, "more time")} within an hour`,
    within === undefined && count !== undefined && Number(count) > 1 && `${text(count)} times in a minute`,
    accessToken !== undefined && `by the access token “${text(accessToken)}”`,
  ];
  return parts.filter((part): part is string => typeof part === "string");
}

/** What reached another fabric, which the event names. */
const movedActions: readonly string[] = ["secret.copy", "connection.promote"];

/** Why Selvage itself allowed a destination, and where a connection came from. */
const reasons: Readonly<Record<string, string>> = {
  "connection.create import": "From an imported file",
  "connection.create promotion": "Promoted from another fabric",
  "destination.allow link": "The person who entered the value was shown it",
  "destination.allow open": "The fabric allows every destination",
  "destination.allow token": "The token had entered the whole value within ten minutes before",
  "destination.allow upgrade": "It was in use before destinations had to be allowed",
};

const refusals: Readonly<Record<string, string>> = {
  "secret.refuse not_found": "Secret not found, or the token may not read it",
  "secret.refuse in_trash": "It is in the trash",
  "secret.refuse no_version": "Version not found, or older than the fabric allows",
  "secret.refuse destination_not_allowed": "Its token server is not allowed yet",
  "secret.refuse wrong_type": "Only an M2M OAuth secret provides tokens",
  "connection.refuse destination_not_allowed": "The connection’s destination is not allowed for a secret yet",
  "connection.refuse misconfigured": "Its settings contain no valid host",
  "connection.refuse secret_malformed":
    "The username in a secret has a character that clients read as syntax",
  "connection.refuse not_found": "Connection not found, or the token may not read it",
  "connection.refuse in_trash": "It is in the trash",
  "connection.refuse not_confirmed": "It references secrets that no Admin has confirmed for this token",
  "token.refuse wrong_address": "The token may not be used from this address",
  "session.refuse wrong_password": "Wrong password",
  "session.refuse delayed": "Too many attempts",
  "session.refuse network": "Too many attempts from this network",
  "session.refuse busy": "Too many sign-ins at once",
  "session.refuse locked": "The password was correct, but the account is locked",
  "session.refuse more": "From other networks",
  "act.refuse forbidden": "Their role does not allow it",
  "act.refuse not_fresh": "It requires a sign-in within the last ten minutes",
  "act.refuse more": "Other actions",
  "access_token.refuse revoked": "The token was revoked",
  "access_token.refuse expired": "The token has expired",
  "access_token.refuse locked": "The owner’s account is locked",
  "access_token.refuse not_fresh": "A new token requires a sign-in within the last ten minutes",
  "token.refuse revoked": "The token was revoked",
  "token.refuse expired": "The token has expired",
  "token.refuse read_only": "The runtime API cannot write secrets",
  "token.refuse wrong_fabric": "The token is for another fabric",
  "token.refuse wrong_audience": "The audience is not the trusted one",
  "token.refuse wrong_subject": "The subject does not match the trusted pattern",
  "token.refuse several_fabrics": "Several fabrics trust this audience, and the request names none",
  "token.refuse wrong_signature": "The signature is not valid",
  "token.refuse unknown_key": "The signing key is not one of the issuer’s keys",
  "token.refuse no_keys": "The issuer’s keys could not be read",
  "token.refuse token_expired": "The token has expired",
  "token.refuse wrong_life": "The token is valid for more than a day, or not valid yet",
  "token.refuse malformed": "The token is malformed",
  "secret.refuse more": "Other names or versions, in the same minute",
  "connection.refuse more": "Other connections, in the same minute",
  "token.refuse more": "Other reasons or addresses, in the same minute",
  "token.refuse too_large": "The requested files are larger than one response may be",
  "token.refuse busy": "Large files were requested before earlier ones were read",
  "token.refuse too_many": "One request exceeded the limit per minute",
  "token.refuse rate_limited": "Rate limit exceeded",
};

/** Descriptions of the refused action, by permission. */
const permissionTexts: Readonly<Record<string, string>> = {
  "secret:copy": "copy a value to another fabric",
  "secret:delete": "delete a secret",
  "secret:restore": "restore a secret",
  "trash:purge": "purge something in the trash",
  "entry-link:write": "ask somebody for a value",
  // Its name in release 0.5 and before, in events that stay.
  "entry:write": "ask somebody for a value",
  "secret:name:drop": "remove a former name",
  "fabric:write": "create or edit a fabric",
  "fabric:delete": "delete a fabric",
  "fabric:restore": "undo the deletion of a fabric",
  "fabric-key:write": "change the keys of a fabric",
  "token:write": "change pipeline tokens, issuers or former versions",
  "destination:write": "decide about destinations",
  "team:write": "change members",
  "access:list": "see the tokens of members",
  "access:revoke": "revoke the token of a member",
  "fabric-key:list": "see the keys of a fabric",
};

/** A check's outcome, in the words that the check itself uses. */
function outcome({ ok, code, field, tookMs }: ActivityDetails): string {
  const duration = tookMs === undefined ? "" : ` after ${text(tookMs)} ms`;
  if (ok === true) return `Passed${duration}`;
  const checkCode = checkCodes.find((one) => one === code);
  const reason = checkCode ? checkTexts[checkCode].title : "Unknown reason.";
  const where = field === undefined ? "" : ` Field ${labelsOf(field, formLabels)}.`;
  return `Failed${duration}: ${reason}${where}`;
}

/** The secrets that a connection brings along after the confirmation. */
function confirmed(to: Value, from: Value = []): string {
  const instead = text(from) === "" ? "" : ` instead of ${text(from)}`;
  return `with ${text(to)}${instead}`;
}

/** Which password or key the server has after a rotation, and who refuses it. */
function rotationOutcome({ serverHas, refusedBy }: ActivityDetails): string | false {
  if (serverHas === undefined) return false;
  const has =
    serverHas === "unknown"
      ? "it is not known which value the server has"
      : `the server has the ${text(serverHas)} value`;
  return refusedBy === undefined ? has : `${has}, refused by ${text(refusedBy)}`;
}

function purposeOf({ purpose }: ActivityDetails): string | false {
  if (purpose === "check") return "for a check";
  if (purpose === "rotation") return "to set a new value";
  if (purpose === "token") return "to get a token";
  if (purpose === "authority") return "to verify a token server";
  if (purpose === "connection") return "returned to the pipeline with its connection";
  return purpose === "pipeline" ? "returned to the pipeline" : false;
}

type Value = NonNullable<ActivityDetails[keyof ActivityDetails]>;

function text(value: Value): string {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** Names fields as their form labels them. A field of an earlier version keeps its API name. */
function labelsOf(fields: Value, labels: Labels): string {
  return [fields]
    .flat()
    .map((field) => labels[String(field)] ?? String(field))
    .join(", ");
}

type Labels = Readonly<Record<string, string | undefined>>;

const secretLabels: Labels = Object.fromEntries(
  Object.values(secretKinds).flatMap(({ fields }) =>
    Object.entries(fields).map(([name, { title }]) => [name, title]),
  ),
);

/** The labels of connections and fabrics. An event has no kind of connection: the last kind's label applies. */
const formLabels: Labels = {
  name: "Name",
  description: "Description",
  ...Object.fromEntries(
    Object.values(connectors).flatMap(({ fields }) =>
      Object.entries(fields.shape).map(([name, schema]) => [name, fieldMeta(schema).title]),
    ),
  ),
};

function many(count: Value, one: string): string {
  return `${text(count)} ${one}${Number(count) === 1 ? "" : "s"}`;
}
