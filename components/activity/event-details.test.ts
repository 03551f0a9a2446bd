import { expect, test } from "vitest";
import { eventDetails } from "@/components/activity/event-details";
import type { ActivityDetails, ActivityEvent, AuditAction } from "@/lib/audit/schema";

function event(action: AuditAction, details: ActivityDetails): ActivityEvent {
  return {
    id: "1",
    at: new Date(0),
    actorKind: "user",
    actorId: "u",
    actorName: "Ada",
    action,
    objectKind: action.startsWith("secret.") ? "secret" : "connection",
    objectId: "s",
    objectName: "token",
    isThere: true,
    details,
  };
}

test.each<[AuditAction, ActivityDetails, string[]]>([
  ["connection.check", { ok: true, tookMs: 120 }, ["Passed after 120 ms"]],
  [
    "connection.check",
    { ok: false, code: "name_not_found", step: "name", field: "baseUrl", tookMs: 9 },
    ["Failed after 9 ms: No server has this name. Field Base URL."],
  ],
  ["connection.check", { ok: false, code: "of another version" }, ["Failed: Unknown reason."]],
  ["secret.version.purge", { versions: ["1–3"] }, ["versions 1–3"]],
  [
    "secret.rotation.fail",
    { serverHas: "former", candidate: 2, code: "rejected_credentials" },
    ["The server rejected these credentials.", "the server has the former value"],
  ],
  [
    "secret.rotation.fail",
    { serverHas: "former", code: "misconfigured" },
    [
      "Some settings of the connection are not valid. Correct them on the connection’s page.",
      "the server has the former value",
    ],
  ],
  [
    "secret.rotation.fail",
    { serverHas: "former", code: "of another version" },
    ["Unknown reason.", "the server has the former value"],
  ],
  [
    "secret.rotation.fail",
    { serverHas: "new", refusedBy: ["A", "B"] },
    ["the server has the new value, refused by A, B"],
  ],
  ["secret.rotation.fail", { serverHas: "unknown" }, ["it is not known which value the server has"]],
  [
    "secret.promote",
    { version: 2, candidate: 1, refusedBy: ["Sales 1"], untried: ["Sales 4", "Sales 5"] },
    ["version 2", "with the new value", "although refused by Sales 1", "not tried with Sales 4, Sales 5"],
  ],
  ["secret.promote", { version: 2, despite: ["Sales 1"] }, ["version 2", "although not accepted by Sales 1"]],
  ["secret.version.purge", { versions: ["2"] }, ["version 2"]],
  ["secret.version.purge", { versions: ["1", "3–5"] }, ["versions 1, 3–5"]],
  ["fabric.delete", { destroyAt: "2026-12-07T09:00:00.000Z" }, ["its keys to be destroyed on 2026-12-07"]],
  ["fabric.restore", { from: "Sales", to: "Sales 2" }, ["from “Sales” to “Sales 2”"]],
  ["secret.rename", { from: "old", to: "token" }, ["from “old” to “token”"]],
  ["secret.copy", { to: "prod", version: 2 }, ["to “prod”", "version 2"]],
  ["secret.copied", { from: "dev", version: 2 }, ["from “dev”", "version 2"]],
  ["connection.promote", { to: "prod" }, ["to “prod”"]],
  [
    "secret.use",
    {
      purpose: "pipeline",
      source: "10.0.0.1",
      name: "old",
      version: 2,
      fields: ["clientId", "clientSecret"],
    },
    ["by the name “old”", "returned to the pipeline", "at 10.0.0.1", "Client ID, Client Secret", "version 2"],
  ],
  ["secret.use", { purpose: "check", name: "token", fields: ["value"] }, ["for a check"]],
  ["secret.use", { purpose: "authority", fields: ["value"] }, ["to verify a token server"]],
  [
    "secret.refuse",
    { code: "not_found", source: "10.0.0.1", length: 29 },
    [
      "Secret not found, or the token may not read it",
      "from 10.0.0.1",
      "the requested name has 29 characters and resembles no existing name",
    ],
  ],
  [
    "connection.update",
    { fields: ["server"], fromHost: "db.example:5432", toHost: "evil.example:5432" },
    ["changed Server", "host evil.example:5432, before db.example:5432"],
  ],
  ["fabric.key.reseal", { values: 1_000, startedBy: "Ada" }, ["1000 values", "started by Ada"]],
  [
    "fabric.key.rotated",
    { values: 2, unopened: 1, startedBy: "Ada" },
    ["2 values", "1 value could not be opened", "started by Ada"],
  ],
  ["connection.update", { fields: ["sfUser", "smtpUrl"] }, ["changed Username, URL"]],
  ["destination.allow", { reason: "upgrade" }, ["It was in use before destinations had to be allowed"]],
  [
    "destination.allow",
    { reason: "token", connection: "Orders", destination: ["https://api.example:443"], accessToken: "ci" },
    [
      "connection “Orders”",
      "to HTTPS api.example",
      "The token had entered the whole value within ten minutes before",
      "by the access token “ci”",
    ],
  ],
  ["destination.ask", { reason: "upgrade" }, ["“upgrade”"]],
  [
    "connection.refuse",
    { code: "destination_not_allowed", destination: ["postgres://evil.example:5432"], secret: "api_token" },
    [
      "The connection’s destination is not allowed for a secret yet",
      "secret “api_token”",
      "to PostgreSQL evil.example:5432",
    ],
  ],
  [
    "session.refuse",
    { code: "wrong_password", source: "203.0.113.0/24", count: 1, within: "hour" },
    ["Wrong password", "from 203.0.113.0/24", "1 more time within an hour"],
  ],
  [
    "act.refuse",
    { code: "forbidden", permission: "team:write", accessToken: "script" },
    ["to change members", "Their role does not allow it", "by the access token “script”"],
  ],
  [
    "act.refuse",
    { code: "not_fresh", permission: "entry:write" },
    ["to ask somebody for a value", "It requires a sign-in within the last ten minutes"],
  ],
  ["access_token.revoke", { member: "Uri" }, ["of Uri"]],
  ["team.remove", { team: "Sales", role: "user" }, ["team “Sales”", "as user"]],
  ["user.lock", { sessions: 1, accessTokens: 2 }, ["1 session", "2 access tokens"]],
  ["fabric.update", { fields: ["description"] }, ["changed Description"]],
])("%s with %o reads %o", (action, details, parts) => {
  expect(eventDetails(event(action, details))).toEqual(parts);
});
