import { readFileSync } from "node:fs";
import { join } from "node:path";
import { v7 as uuidv7 } from "uuid";
import { expect, test } from "@/e2e/fixtures";
import { actions } from "@/e2e/matrix-actions";
import { type FabricObjects, managementPaths, type PageRow, pages } from "@/e2e/matrix-pages";
import { gist, navigate } from "@/e2e/navigation";
import { allows, needsFreshSignIn } from "@/lib/access/policy";
import { findLeaks } from "@/testing/canary";
import { addConnection, addSecret, countEvents } from "@/testing/factories";
import {
  buildFolder,
  type Caller,
  callAction,
  callerOf,
  sendAction,
  serverActions,
} from "@/testing/server-actions";
import { stack } from "@/testing/stack-address";
import { createTenant, createToken, type Tenant } from "@/testing/tenant";

const nobody: Caller = {};

type TwoTenants = { tenant: Tenant; other: Tenant; objects: FabricObjects };
let shared: Promise<TwoTenants> | undefined;

/** Two teams that must not see each other. Requests that only read, or are refused, share them. */
function twoTenants(): Promise<TwoTenants> {
  shared ??= createTwoTenants();
  return shared;
}

async function createTwoTenants(): Promise<TwoTenants> {
  const [tenant, other] = [await createTenant("Ours"), await createTenant("Theirs")];
  return {
    tenant,
    other,
    objects: {
      secretId: await addSecret(tenant),
      connectionId: await addConnection(tenant),
      pipelineId: (await createToken(tenant)).id,
      memberId: tenant.user.id,
    },
  };
}

function ask(caller: Caller, path: string, headers: Record<string, string> = {}) {
  if (!path.endsWith("/checks")) return navigate(caller, path, { headers });
  const properties = { baseUrl: "https://127.0.0.1:9" };
  const body = path.includes("/secrets/")
    ? JSON.stringify({ candidate: null })
    : JSON.stringify({ kind: "restapi", name: "x", properties, isConfirmed: false });
  const own = { origin: stack().webUrl, "content-type": "application/json" };
  return navigate(caller, path, { method: "POST", body, headers: { ...own, ...headers } });
}

test("the table lists every page and route of the build", () => {
  const manifest: unknown = JSON.parse(
    readFileSync(join(buildFolder(), "server/app-paths-manifest.json"), "utf8"),
  );
  const built = Object.keys(manifest ?? {}).filter((name) => !/^\/_(global-error|not-found)\//.test(name));
  expect(built.filter((name) => !(name in pages)).sort()).toEqual([]);
});

test("the table lists every server action of the build", () => {
  expect([...serverActions().keys()].filter((name) => !(name in actions)).sort()).toEqual([]);
});

for (const [name, row] of Object.entries(pages)) {
  test(`${name} answers only callers whom the policy allows`, async () => {
    if ("open" in row) await expectOpenPage(row);
    else if ("own" in row) await expectOwnPage(row);
    else await expectScopedPage(row);
  });
}

test("the table lists every path of the management API", async () => {
  const response = await fetch(new URL("/api/openapi.json", stack().webUrl));
  expect(Object.keys((await response.json()).paths).sort()).toEqual(Object.keys(managementPaths).sort());
});

for (const [path, status] of Object.entries(managementPaths)) {
  test(`${path} gives nothing to a cookie`, () => expectNothingForCookies(path, status));
}

test("the management API answers unknown and invalid paths in its own error shape", async () => {
  for (const [path, code] of [
    ["/api/orchestration", 404],
    ["/api/orchestration/nothing", 404],
    ["/api/orchestration/fabric/%zz", 400],
    [`/api/orchestration/fabric/${"x".repeat(4000)}`, 400],
  ] as const) {
    const { status, body } = await navigate(nobody, path);
    expect([path, status, JSON.parse(body)]).toEqual([
      path,
      code,
      { success: false, message: expect.stringMatching(/^Request failed due to : /) },
    ]);
  }
});

async function expectOpenPage({ path, status: expected }: Extract<PageRow, { open: true }>) {
  const { tenant } = await twoTenants();
  const { status, body } = await navigate(nobody, path());
  expect(status).toBe(expected);
  for (const secret of [tenant.fabric.name, tenant.team.name, tenant.admin.email])
    expect(body).not.toContain(secret);
}

async function expectOwnPage({ path, status: expected, signedOutTo }: Extract<PageRow, { own: true }>) {
  const { tenant, other } = await twoTenants();
  const signedOut = await navigate(nobody, path());
  expect(signedOut).toMatchObject({
    status: 307,
    location: signedOutTo ?? expect.stringMatching(/^\/sign-in\?/),
  });
  for (const person of [tenant.user, tenant.admin]) {
    const { status, body } = await navigate(await callerOf(person), path());
    expect(status).toBe(expected);
    expect(body).not.toContain(other.team.name);
    expect(body).not.toContain(other.fabric.name);
    expect(body).not.toContain(other.fabric.id);
  }
}

async function expectNothingForCookies(path: string, expected: number) {
  const { tenant, other, objects } = await twoTenants();
  const named = path
    .replace("{fabricId}", tenant.fabric.id)
    .replace("{teamId}", tenant.team.id)
    .replace("{secretId}", objects.secretId)
    .replace(/\{\w+\}/g, "x");
  const callers = [
    nobody,
    await callerOf(other.admin),
    await callerOf(tenant.user),
    await callerOf(tenant.admin),
  ];
  for (const caller of callers) {
    const { status, body } = await navigate(caller, named);
    expect([status, JSON.parse(body).success]).toEqual([expected, false]);
  }
}

async function expectScopedPage({ of, permission, path, isRoute }: Extract<PageRow, { of: string }>) {
  const { tenant, other, objects } = await twoTenants();
  const id = of === "fabric" ? tenant.fabric.id : tenant.team.id;
  const none = uuidv7();
  const [outsider, user, admin] = [
    await callerOf(other.admin),
    await callerOf(tenant.user),
    await callerOf(tenant.admin),
  ];

  const signedOut = await ask(nobody, path(id, objects));
  if (isRoute) expect(signedOut.status).toBe(401);
  else expect(signedOut).toMatchObject({ status: 307, location: expect.stringMatching(/^\/sign-in\?/) });
  expect(gist(signedOut, [id, encodeURIComponent(id)])).toEqual(
    gist(await ask(nobody, path(none, objects)), [none]),
  );

  // In both forms of Next's answers: as a page, and as the payload of a navigation.
  for (const headers of isRoute ? [{}] : [{}, { rsc: "1" }]) {
    const foreign = gist(await ask(outsider, path(id, objects), headers), [id]);
    const missing = gist(await ask(outsider, path(none, objects), headers), [none]);
    // A payload starts before a page can answer not found, and says so at its end.
    if ("rsc" in headers) expect(foreign.words).toContain("NEXT_HTTP_ERROR_FALLBACK");
    else expect(foreign.status).toBe(404);
    expect(foreign).toEqual(missing);
    for (const secret of [tenant.fabric.name, tenant.team.name, tenant.admin.email])
      expect(JSON.stringify(foreign)).not.toContain(secret);
  }
  // Their own fabric does not show our objects either.
  if (Object.values(objects).some((objectId) => path(id, objects).includes(objectId))) {
    const moved = await ask(outsider, path(other.fabric.id, objects));
    expect(moved.status).toBe(404);
  }

  for (const [role, caller] of [
    ["user", user],
    ["admin", admin],
  ] as const) {
    const { status } = await ask(caller, path(id, objects));
    const refused = isRoute ? 403 : 404;
    expect(status, `${role} at ${path(id, objects)}`).toBe(allows(role, permission) ? 200 : refused);
  }
}

const subrequests = [
  "middleware",
  "proxy",
  "src/middleware",
  "src/proxy",
  "pages/_middleware",
  Array(5).fill("middleware").join(":"),
  Array(5).fill("src/middleware").join(":"),
  Array(5).fill("proxy").join(":"),
  "1",
];

test("the header x-middleware-subrequest changes nothing", async () => {
  const { tenant, other, objects } = await twoTenants();
  const outsider = await callerOf(other.admin);
  const rows = Object.values(pages).filter((row) => "of" in row);
  const first = ["fabric", "team"].flatMap((of) => rows.find((row) => row.of === of) ?? []);
  for (const row of process.env.RUN_LONG ? rows : first) {
    const path = row.path(row.of === "fabric" ? tenant.fabric.id : tenant.team.id, objects);
    for (const caller of [nobody, outsider]) {
      const plain = gist(await ask(caller, path));
      await Promise.all(
        subrequests.map(async (value) => {
          const answer = gist(await ask(caller, path, { "x-middleware-subrequest": value }));
          expect(answer, `${path} with ${value}`).toEqual(plain);
        }),
      );
    }
  }
});

for (const [
  name,
  { of, permission, input, namesThing, elsewhere = "not_found", gets = {} },
] of Object.entries(actions)) {
  test(`${name} runs only for callers whom the policy allows`, async () => {
    const [tenant, { other }] = [await createTenant("Ours"), await twoTenants()];
    const id = of === "fabric" ? tenant.fabric.id : tenant.team.id;
    const args = async (scopeId = id) =>
      of === "own" || of === "open" ? [await input(tenant)] : [scopeId, await input(tenant)];
    const codeFor = async (caller: Caller, given: unknown[]) => {
      const result = await callAction(caller, name, given);
      return result.ok ? "ok" : result.code;
    };

    if (of === "open") {
      expect(await codeFor(nobody, await args())).toBe(gets.nobody);
      return;
    }
    const given = await args();
    const before = await countEvents(tenant);
    expect(await codeFor(nobody, given)).toBe("signed_out");
    if (permission === undefined) return;

    const outsider = await callerOf(other.admin);
    expect(await codeFor(outsider, given)).toBe("not_found");
    expect(await codeFor(outsider, [uuidv7(), given[1]])).toBe("not_found");
    if (namesThing) {
      const own = of === "fabric" ? other.fabric.id : other.team.id;
      expect(await codeFor(outsider, [own, given[1]])).toBe(elsewhere);
    }
    if (needsFreshSignIn(permission))
      expect(await codeFor(await callerOf(tenant.admin, { minutesAgo: 11 }), given)).toBe("reauthenticate");
    expect(await countEvents(tenant), "a refused call changed something").toBe(before);

    for (const role of ["user", "admin"] as const) {
      const expected = gets[role] ?? (allows(role, permission) ? "ok" : "forbidden");
      expect(await codeFor(await callerOf(tenant[role]), await args()), role).toBe(expected);
    }
  });
}

test("another site cannot call a server action, nor can a form that web did not render", async ({
  tenant,
}) => {
  const { cookie = "" } = await callerOf(tenant.admin);
  const before = await countEvents(tenant);
  const input = [tenant.fabric.id, { name: "Taken over", description: "" }];
  for (const origin of ["https://elsewhere.example", "null"]) {
    const answer = await sendAction({ cookie, origin }, "updateFabricAction", input);
    expect(answer.status, origin).toBe(403);
  }
  expect(await countEvents(tenant)).toBe(before);
});

test("another site cannot start a check", async ({ tenant }) => {
  const caller = await callerOf(tenant.admin);
  const path = `/api/app/fabrics/${tenant.fabric.id}/checks`;
  const foreign = [
    { origin: "https://elsewhere.example" },
    { origin: "null" },
    { origin: stack().webUrl, "content-type": "text/plain" },
    { origin: "http://127.0.0.1:1", "sec-fetch-site": "same-origin" },
  ];
  for (const headers of foreign)
    expect((await ask(caller, path, headers)).status, JSON.stringify(headers)).toBe(403);
});

test("web answers only the public host", async () => {
  const { port } = new URL(stack().webUrl);
  const { request } = await import("node:http");
  const status = await new Promise<number | undefined>((done, failed) => {
    request({ host: "127.0.0.1", port, path: "/sign-in", headers: { host: "evil.example" } }, (response) => {
      response.resume();
      done(response.statusCode);
    })
      .on("error", failed)
      .end();
  });
  expect(status).toBe(421);
});

test("answers carry the headers that isolate a page", async ({ tenant, canary }) => {
  const { cookie = "" } = await callerOf(tenant.user);
  const response = await fetch(new URL(`/metadata/fabrics/${tenant.fabric.id}/secrets`, stack().webUrl), {
    headers: { cookie },
  });
  const { headers } = response;
  expect(headers.get("content-security-policy")).toMatch(
    /script-src 'self' 'nonce-[A-Za-z0-9+/=]+' 'strict-dynamic';/,
  );
  expect(headers.get("content-security-policy")).toMatch(/frame-ancestors 'none'/);
  expect(headers.get("content-security-policy")).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/);
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(headers.get("cache-control")).toContain("no-store");
  expect(headers.get("x-powered-by")).toBeNull();
  expect(findLeaks("page", await response.text(), canary.mark)).toEqual([]);
});
