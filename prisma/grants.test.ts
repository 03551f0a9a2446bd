import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase } from "@/testing/database";

type Program = "web" | "automate";
type Verb = "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** All table rights: S(elect), I(nsert), U(pdate), D(elete). Postgres refuses every other one. */
const rights: Record<string, Record<Program, string>> = {
  app_user: { web: "SIU", automate: "" },
  identity: { web: "SID", automate: "" },
  held_identity: { web: "SID", automate: "" },
  session: { web: "SIUD", automate: "" },
  sign_in_delay: { web: "SIUD", automate: "" },
  team: { web: "SIU", automate: "S" },
  membership: { web: "SIUD", automate: "S" },
  invitation: { web: "SIUD", automate: "" },
  account_review: { web: "SIUD", automate: "" },
  held_membership: { web: "SID", automate: "" },
  access_token: { web: "SIUD", automate: "" },
  idempotent_create: { web: "SID", automate: "SD" },
  fabric: { web: "SI", automate: "SD" },
  fabric_deletion: { web: "S", automate: "SID" },
  fabric_key: { web: "", automate: "SIUD" },
  master_key: { web: "S", automate: "SIUD" },
  fabric_master_key: { web: "S", automate: "SIUD" },
  key_rotation: { web: "S", automate: "SIU" },
  unopened_value: { web: "S", automate: "SI" },
  secret: { web: "SIU", automate: "SID" },
  secret_name: { web: "SIUD", automate: "SID" },
  secret_version: { web: "SI", automate: "SID" },
  secret_candidate: { web: "SI", automate: "SIUD" },
  candidate_check: { web: "S", automate: "SIUD" },
  secret_field: { web: "I", automate: "SID" },
  allowed_destination: { web: "S", automate: "SIUD" },
  settled_version: { web: "S", automate: "SIUD" },
  secret_reader: { web: "S", automate: "SIUD" },
  secret_use: { web: "SI", automate: "SIU" },
  secret_read_day: { web: "S", automate: "SIUD" },
  password_rotation: { web: "S", automate: "SIUD" },
  password_run: { web: "S", automate: "SIUD" },
  destination_request: { web: "S", automate: "SIUD" },
  destination_rule: { web: "S", automate: "SIUD" },
  version_rule: { web: "S", automate: "SIUD" },
  connection: { web: "SIUD", automate: "SD" },
  connection_secret: { web: "SIUD", automate: "SD" },
  trashed_secret: { web: "SID", automate: "SID" },
  trashed_connection: { web: "SID", automate: "SD" },
  trashed_connection_secret: { web: "SI", automate: "SD" },
  entry_link: { web: "", automate: "SID" },
  entry_link_use: { web: "SI", automate: "S" },
  connection_check: { web: "S", automate: "SID" },
  failing_check: { web: "S", automate: "SIUD" },
  check_lease: { web: "", automate: "SIUD" },
  sign_in_attempt: { web: "S", automate: "SID" },
  trusted_issuer: { web: "S", automate: "SID" },
  pipeline_token: { web: "", automate: "SIUD" },
  used_request: { web: "", automate: "SID" },
  rate_window: { web: "", automate: "SIUD" },
  web_rate_window: { web: "SIU", automate: "SD" },
  reminder: { web: "", automate: "SIUD" },
  reminder_pass: { web: "", automate: "SIUD" },
  outgoing_message: { web: "", automate: "SIUD" },
  reminder_channel: { web: "S", automate: "SIUD" },
  snooze: { web: "SIUD", automate: "SD" },
  verified_address: { web: "SIUD", automate: "S" },
  address_code: { web: "SIUD", automate: "SD" },
  backup: { web: "", automate: "SI" },
  drill: { web: "", automate: "SIU" },
  audit_event: { web: "SI", automate: "SI" },
  data_step: { web: "", automate: "" },
  schema_info: { web: "S", automate: "S" },
  _prisma_migrations: { web: "", automate: "" },
};

const refusals: [Program, string, string][] = [
  ["web", "read a sealed value", `SELECT sealed FROM secret_field`],
  ["web", "read a sealed value as a whole row", `SELECT f FROM secret_field f`],
  [
    "web",
    "have a sealed value returned",
    `INSERT INTO secret_field SELECT 'a','b',1,'c','d','e' RETURNING sealed`,
  ],
  ["web", "compare a sealed value", `SELECT 1 FROM secret_field WHERE sealed = 'x'`],
  ["web", "order by a sealed value", `SELECT kid FROM secret_field ORDER BY sealed`],
  ["web", "change a sealed value", `UPDATE secret_field SET sealed = 'x'`],
  ["web", "copy sealed values out", `COPY secret_field TO STDOUT`],
  ["web", "read a wrapped private key", `SELECT "wrappedPrivate" FROM fabric_key`],
  ["web", "read a wrapped one-time key", `SELECT "wrappedKey" FROM fabric_key`],
  ["web", "add a key", `INSERT INTO fabric_key (kid) VALUES ('k')`],
  ["web", "choose a master key", `INSERT INTO fabric_master_key ("fabricId") VALUES ('f')`],
  ["web", "enable a master key", `UPDATE master_key SET state = 'enabled'`],
  ["web", "change a public key", `UPDATE fabric_key SET "publicJwk" = '{}'`],
  ["web", "start a rotation of a key", `INSERT INTO key_rotation (id) VALUES ('r')`],
  ["web", "pause a rotation of a key", `UPDATE key_rotation SET state = 'paused'`],
  ["web", "hide a value that could not be opened", `DELETE FROM unopened_value`],
  ["web", "read a token's hash", `SELECT "tokenHash" FROM pipeline_token`],
  ["web", "mint a token", `INSERT INTO pipeline_token (id) VALUES ('t')`],
  ["web", "undo the deletion of a fabric", `DELETE FROM fabric_deletion`],
  ["web", "postpone the destruction of a fabric", `UPDATE fabric_deletion SET "destroyAt" = now()`],
  ["web", "delete a fabric", `INSERT INTO fabric_deletion ("fabricId") VALUES ('f')`],
  ["web", "give back access that ended with a deletion", `UPDATE fabric SET "accessEpoch" = 0`],
  ["web", "move a fabric to another team", `UPDATE fabric SET "teamId" = 't'`],
  ["automate", "move a fabric to another team", `UPDATE fabric SET "teamId" = 't'`],
  ["web", "make a purged version readable", `UPDATE secret_version SET "purgedAt" = NULL`],
  ["web", "date the deletion of a secret back", `UPDATE trashed_secret SET "deletedAt" = now()`],
  [
    "web",
    "state when a secret was deleted",
    `INSERT INTO trashed_secret ("secretId", "deletedAt") VALUES ('s', now())`,
  ],
  [
    "web",
    "state when a connection was deleted",
    `INSERT INTO trashed_connection (id, "deletedAt") VALUES ('c', now())`,
  ],
  ["automate", "state when a secret was deleted", `INSERT INTO trashed_secret ("deletedAt") VALUES (now())`],
  ["web", "call a candidate promoted", `UPDATE secret_candidate SET outcome = 'promoted'`],
  ["web", "keep a candidate from expiring", `UPDATE secret_candidate SET "expiresAt" = 'infinity'`],
  [
    "web",
    "insert a candidate that does not expire",
    `INSERT INTO secret_candidate ("expiresAt") VALUES ('infinity')`,
  ],
  ["web", "set up a rotation", `INSERT INTO password_rotation ("secretId") VALUES ('x')`],
  [
    "web",
    "let a rotation set the passwords of other users",
    `UPDATE password_rotation SET users = '{postgres}'`,
  ],
  ["web", "call a run done", `UPDATE password_run SET state = 'done'`],
  ["web", "invent a connection that accepts a candidate", `INSERT INTO candidate_check (ok) VALUES (true)`],
  ["automate", "rename a secret", `UPDATE secret SET name = 'x'`],
  ["automate", "undelete a secret", `UPDATE secret SET "deletedAt" = NULL`],
  ["web", "read the hash of an entry link", `SELECT "tokenHash" FROM entry_link`],
  ["web", "create an entry link", `INSERT INTO entry_link (id) VALUES ('l')`],
  ["web", "show other destinations with an entry link", `UPDATE entry_link SET destinations = '{d}'`],
  ["web", "revive an entry link", `UPDATE entry_link SET "revokedAt" = NULL`],
  ["web", "use an entry link again", `DELETE FROM entry_link_use`],
  ["web", "move the use of an entry link", `UPDATE entry_link_use SET version = 2`],
  ["automate", "show other destinations with an entry link", `UPDATE entry_link SET destinations = '{d}'`],
  ["web", "trust an issuer", `INSERT INTO trusted_issuer (id) VALUES ('i')`],
  ["web", "un-revoke a token", `UPDATE pipeline_token SET "revokedAt" = NULL`],
  ["web", "widen a token", `UPDATE pipeline_token SET "secretIds" = '{}', cidrs = '{}'`],
  ["web", "confirm a token", `UPDATE pipeline_token SET pins = '{}'`],
  ["web", "confirm an issuer", `UPDATE trusted_issuer SET pins = '{}'`],
  ["automate", "widen an issuer", `UPDATE trusted_issuer SET "connectionIds" = '{}'`],
  ["web", "allow a destination", `INSERT INTO allowed_destination (id) VALUES ('d')`],
  ["web", "review a destination", `UPDATE allowed_destination SET "toReview" = NULL`],
  ["web", "settle a version again", `DELETE FROM settled_version`],
  ["automate", "keep destinations of a version", `UPDATE secret_version SET keeps = '{d}'`],
  ["web", "open a fabric to every destination", `INSERT INTO destination_rule ("fabricId") VALUES ('f')`],
  ["web", "loosen a fabric's rule", `UPDATE destination_rule SET rule = 'open'`],
  ["web", "open former versions", `INSERT INTO version_rule ("fabricId") VALUES ('f')`],
  ["web", "ask in another's name", `INSERT INTO destination_request (id) VALUES ('r')`],
  ["web", "approve a request", `UPDATE destination_request SET decision = 'allowed'`],
  ["web", "say that an unused secret is used", `UPDATE secret_use SET "isUsed" = true`],
  [
    "web",
    "add a secret as used",
    `INSERT INTO secret_use ("secretId", "fabricId", "isUsed") VALUES ('a','b',true)`,
  ],
  ["web", "invent reads", `INSERT INTO secret_read_day VALUES ('a', now(), 1)`],
  ["web", "hide a failing check", `DELETE FROM failing_check`],
  ["web", "invent a check result", `INSERT INTO connection_check (id) VALUES ('c')`],
  ["web", "end the pause of a sign-in", `DELETE FROM sign_in_attempt`],
  ["web", "date a refused sign-in back", `UPDATE sign_in_attempt SET "refusedAt" = NULL`],
  ["web", "use up a budget of sign-ins", `INSERT INTO sign_in_attempt (id) VALUES ('s')`],
  [
    "web",
    "send a message of its own",
    `INSERT INTO outgoing_message (channel, kind) VALUES ('email', 'code')`,
  ],
  ["web", "read whom automate reminds", `SELECT "userId" FROM outgoing_message`],
  ["web", "give a pipeline token another owner", `UPDATE pipeline_token SET "ownerId" = 'u'`],
  [
    "automate",
    "verify an address",
    `INSERT INTO verified_address ("userId", "emailKey", method) VALUES ('u', 'a', 'code')`,
  ],
  ["automate", "change the code for an address", `UPDATE address_code SET code = '00000000'`],
  ["automate", "put reminders off", `UPDATE snooze SET until = now()`],
  ["automate", "read the hash of an access token", `SELECT "tokenHash" FROM access_token`],
  ["web", "edit audit", `UPDATE audit_event SET action = 'x'`],
  ["web", "delete audit", `DELETE FROM audit_event`],
  ["web", "truncate audit", `TRUNCATE audit_event`],
  ["web", "write audit in another's name", `INSERT INTO audit_event (id, writer) VALUES ('a', 'automate')`],
  ["web", "date audit back", `INSERT INTO audit_event (id, at) VALUES ('a', now())`],
  ["web", "create a table", `CREATE TABLE public.mine (x int)`],
  ["web", "become automate", `SET ROLE NONE; SET ROLE "$automate"`],
  ["automate", "read a password hash", `SELECT "passwordHash" FROM app_user`],
  ["automate", "join a team", `INSERT INTO membership ("teamId", "userId", role) VALUES ('a', 'b', 'admin')`],
  ["automate", "change the manifest of a version", `UPDATE secret_version SET manifest = '{}'`],
  ["automate", "count a sign-in for another secret", `UPDATE sign_in_attempt SET key = 'x'`],
  ["automate", "move a sealed value to another field", `UPDATE secret_field SET field = 'x'`],
  ["automate", "edit audit", `UPDATE audit_event SET action = 'x'`],
  ["automate", "delete audit", `DELETE FROM audit_event`],
  ["automate", "truncate audit", `TRUNCATE audit_event`],
  ["automate", "date audit back", `INSERT INTO audit_event (id, at) VALUES ('a', now())`],
  ["automate", "become web", `SET ROLE "$web"`],
];

const permissionDenied = "42501";
let clients: Record<Program | "owner", Client>;
let prefix: string;

beforeAll(async () => {
  const urls = await createTestDatabase("web", { ownRoles: true });
  prefix = new URL(urls.ownerUrl).pathname.slice(1);
  clients = {
    owner: new Client({ connectionString: urls.ownerUrl }),
    web: new Client({ connectionString: urls.webUrl }),
    automate: new Client({ connectionString: urls.automateUrl }),
  };
  for (const client of Object.values(clients)) await client.connect();
});

afterAll(async () => {
  for (const client of Object.values(clients)) await client.end();
});

/** The SQLSTATE of a failed statement, or "ok". The transaction rolls back. */
async function attempt(program: Program, sql: string): Promise<string> {
  const client = clients[program];
  await client.query("BEGIN");
  const outcome = await client.query(sql.replace(/\$(web|automate)/g, `${prefix}_$1`)).then(
    () => "ok",
    (error: { code?: string }) => error.code ?? "unknown",
  );
  await client.query("ROLLBACK");
  return outcome;
}

function statementFor(verb: Verb, table: string): string {
  if (verb === "SELECT") return `SELECT * FROM "${table}"`;
  // With the right, the statement fails on a constraint: Postgres checks rights first.
  if (verb === "INSERT") return `INSERT INTO "${table}" DEFAULT VALUES`;
  if (verb === "UPDATE")
    return `UPDATE "${table}" SET ${table === "fabric_key" ? "kid = kid" : "ctid = ctid"}`;
  return `DELETE FROM "${table}"`;
}

describe("each program's rights", () => {
  test("are listed for every table", async () => {
    const { rows } = await clients.owner.query(
      "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition",
    );
    expect(rows.map(({ relname }) => relname).sort()).toEqual(Object.keys(rights).sort());
  });

  test("on a partition are none: programs use its table", async () => {
    const { rows } = await clients.owner.query(
      `SELECT c.relname, bool_or(has_any_column_privilege($1 || p.name, c.oid, 'SELECT, INSERT, UPDATE')
         OR has_table_privilege($1 || p.name, c.oid, 'DELETE, TRUNCATE, TRIGGER')) AS has
       FROM pg_class c, unnest('{_web,_automate}'::text[]) AS p(name) WHERE c.relkind = 'r' AND c.relispartition GROUP BY 1`,
      [prefix],
    );
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.filter(({ has }) => has)).toEqual([]);
  });

  const cases = Object.entries(rights).flatMap(([table, byProgram]) =>
    (["web", "automate"] as const).flatMap((program) =>
      (["SELECT", "INSERT", "DELETE"] as const).map(
        (verb) => [program, verb, table, byProgram[program].includes(verb[0] ?? "")] as const,
      ),
    ),
  );
  test.each(cases)("%s: %s on %s is granted: %s", async (program, verb, table, isGranted) => {
    const outcome = await attempt(program, statementFor(verb, table));
    if (isGranted) expect(outcome).not.toBe(permissionDenied);
    else expect(outcome).toBe(permissionDenied);
  });

  test.each(cases.filter(([, verb]) => verb === "SELECT"))(
    "allow %s to update %3$s only where the table says so",
    async (program, _verb, table) => {
      const { rows } = await clients.owner.query("SELECT has_table_privilege($1, $2, 'UPDATE') AS has", [
        `${prefix}_${program}`,
        `"${table}"`,
      ]);
      expect(rows[0].has).toBe(rights[table]?.[program].includes("U"));
    },
  );

  test.each(refusals)("do not let %s %s", async (program, _what, sql) => {
    expect(await attempt(program, sql)).toBe(permissionDenied);
  });
});

describe("the audit log", () => {
  test("stays unchanged when people, fabrics and teams are deleted, and names the role that wrote it", async () => {
    const { owner, web } = clients;
    await web.query(`INSERT INTO audit_event (id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName")
      VALUES ('e1', 't1', 'f1', 'user', 'u1', 'Ada', 'fabric.create', 'fabric', 'f1', 'prod')`);
    await owner.query(`INSERT INTO team (id, name, "nameKey") VALUES ('t1', 'T', 't')`);
    await owner.query(
      `INSERT INTO app_user (id, email, "emailKey", name) VALUES ('u1', 'a@b', 'a@b', 'Ada')`,
    );
    await owner.query(`INSERT INTO membership ("teamId", "userId", role) VALUES ('t1', 'u1', 'admin')`);
    await owner.query(
      `INSERT INTO fabric (id, "teamId", name, "nameKey", provider, "createdById", "createdByName") VALUES ('f1', 't1', 'prod', 'prod', 'none', 'u1', 'Ada')`,
    );
    const before = await owner.query("SELECT e::text FROM audit_event e");
    await owner.query("DELETE FROM fabric; DELETE FROM app_user; DELETE FROM team");
    const after = await owner.query("SELECT e::text FROM audit_event e");
    expect(after.rows).toEqual(before.rows);
    const { rows } = await owner.query("SELECT writer FROM audit_event");
    expect(rows).toEqual([{ writer: `${prefix}_web_login` }]);
  });
});
