import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { expect, it } from "vitest";

/* deploy/container: the image, and the containers of compose.yaml with the walls of the systemd units. */
const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const [, system = "", image = ""] = read("deploy/container/Containerfile").split(
  /^(?=FROM \S+ AS system|FROM scratch)/m,
);
const text = read("deploy/container/compose.yaml").replace(/^ *#.*\n/gm, "");
const compose = mapping(text);
const services = Object.fromEntries(
  Object.entries(mapping(compose.services)).map(([name, body]) => [name, merged(mapping(body))]),
);
const setting = (key: string) =>
  Object.fromEntries(Object.entries(services).map(([name, service]) => [name, service[key]]));

/** A YAML mapping in block style: each key with the text of its value. */
function mapping(block = ""): Record<string, string> {
  const indent = block.search(/\S/);
  const entries = block.split(new RegExp(`^ {${Math.max(indent, 0)}}(?=\\S)`, "m")).slice(1);
  return Object.fromEntries(
    entries.map((entry) => {
      const [, key = "", value = ""] = /^([^:\s]+):(?: ?&\w+)? ?\n?(.*)$/s.exec(entry.trimEnd()) ?? [];
      return [key, value];
    }),
  );
}

/** A service with the settings of its template, `<<: *name`. */
function merged({ "<<": template, ...own }: Record<string, string>): Record<string, string> {
  if (template === undefined) return own;
  return { ...merged(mapping(compose[`x-${template.replace("*", "")}`])), ...own };
}

it("the image contains programs and production packages: no npm, compiler, source or test", () => {
  expect(
    [...image.matchAll(/^COPY --from=build (.*) \S+$/gm)].flatMap(([, from = ""]) => from.split(" ")),
  ).toEqual(
    ["package.json", "next.config.mjs", "node_modules", "public", "prisma/grants.sql", "prisma/migrations"]
      .concat([
        "launcher/keys.mjs",
        "launcher/progress.mjs",
        "deploy/container/write-secrets.mjs",
        ".next",
        "dist",
      ])
      .map((path) => `/opt/selvage/${path}`),
  );
  expect(image).not.toMatch(/^(RUN|ADD)/m);
  expect(read("deploy/container/Containerfile")).toMatch(
    /^RUN npm pkg delete devDependencies \\\n {2}&& npm install --no-save --omit=peer /m,
  );
  expect(system).toMatch(/rm -rf .*\/usr\/local\/lib\/node_modules/);
  expect(system).toMatch(/rm -f npm npx /);
  expect(system).not.toMatch(/apt-get/);
});

it("the build signs the command line by a key that no layer keeps", () => {
  expect(read("deploy/container/Containerfile")).toMatch(
    /^RUN --mount=type=secret,id=release-key \\\n.*RELEASE_KEY_FILE=\/run\/secrets\/release-key; fi \\\n {2}&& npm run build /m,
  );
});

it("the image runs a program by default as nobody, and without an inspector", () => {
  expect(image).toMatch(/^USER 65534:65534$/m);
  expect(image).toMatch(/^ENTRYPOINT \["node", "--disable-sigusr1", "--enable-source-maps"\]$/m);
});

it("no process of a user can trace another: its users cannot read Node.js", () => {
  expect(system).toMatch(/chmod 0711 node /);
});

it.each(Object.keys(services))(
  "%s has a read-only root, no capability, no new privilege and no core dump",
  (name) => {
    expect(services[name]).toMatchObject({
      read_only: "true",
      cap_drop: "[ALL]",
      security_opt: '["no-new-privileges:true"]',
      ulimits: "{ core: 0 }",
    });
  },
);

it("SIGTERM reaches each program and leaves it time to finish; ready means /readyz", () => {
  expect(new Set(Object.values(setting("init")))).toEqual(new Set(["true"]));
  // Automate lets requests finish within 30 seconds, web within 10.
  expect(setting("stop_grace_period")).toMatchObject({ automate: "40s", web: "20s" });
  expect(services.automate?.healthcheck).toContain(
    '[CMD, node, -e, *ready, "http://automate-runtime:3001/readyz"]',
  );
  expect(services.web?.healthcheck).toContain('[CMD, node, -e, *ready, "http://127.0.0.1:3000/readyz"]');
});

it("no container shares more with its host", () => {
  expect(text).not.toMatch(
    /^ *(cap_add|devices|env_file|ipc|network_mode|pid|ports|privileged|userns_mode|uts|volumes_from):/m,
  );
  // Only automate enters the folder of the workers' socket, and only backups leave the containers.
  expect(setting("volumes")).toEqual({
    postgres: '["database:/var/lib/postgresql/data"]',
    backup: `["\${BACKUPS:-./backups}:/backups"]`,
    workers: '["workers:/run/selvage-workers"]',
    automate: '["workers:/run/selvage-workers:ro"]',
  });
  expect(setting("group_add")).toEqual({ automate: '["10003"]' });
  expect(system).toMatch(
    /install --directory --owner 10003 --group 10003 --mode 0750 \/run\/selvage-workers$/m,
  );
});

it("each program has a numeric user of its own, and opens no inspector", () => {
  expect(setting("user")).toEqual({
    postgres: '"999:999"',
    migrate: '"10004:10004"',
    admin: '"10004:10004"',
    backup: '"10004:10004"',
    workers: '"10003:10003"',
    automate: '"10002:10002"',
    web: '"10001:10001"',
  });
  expect(setting("command")).toEqual({
    migrate: "[--env-file=/run/secrets/migrate.env, dist/migrate.mjs]",
    workers: "[dist/worker-host.mjs, /run/selvage-workers/checks.sock]",
    automate: "[--env-file=/run/secrets/automate.env, dist/automate.mjs]",
    web: "[--env-file=/run/secrets/web.env, dist/web.mjs]",
  });
  expect(setting("entrypoint")).toEqual({
    admin: "[node, --disable-sigusr1, --env-file=/run/secrets/operator.env, dist/admin.mjs]",
    backup: "[node, --disable-sigusr1, --env-file=/run/secrets/operator.env, dist/backup.mjs]",
  });
});

it("secrets are files, each of one user; workers have none", () => {
  expect(setting("secrets")).toEqual({
    postgres: "[postgres.password]",
    migrate: "[migrate.env]",
    admin: "[operator.env]",
    backup: "[operator.env]",
    automate: "[automate.env, master.key]",
    web: "[web.env]",
  });
  for (const [name, file] of Object.entries(mapping(compose.secrets)))
    expect(file).toBe(`{ file: secrets/${name} }`);
  expect(text).not.toMatch(
    /(DATABASE_URL|SESSION_SECRET|SIGNING_KEY|PASSWORD|MIGRATE_LOGINS|CLIENT_SECRET):/,
  );
});

it("only web and the operator's commands reach automate's internal port, and only workers reach the internet and no database", () => {
  const networks = Object.entries(setting("networks")).map(([name, body]) => [
    name,
    Object.keys(mapping(body)),
  ]);
  expect(Object.fromEntries(networks)).toEqual({
    postgres: ["database"],
    migrate: ["database"],
    admin: ["database", "internal"],
    backup: ["database", "internal"],
    workers: ["internet"],
    automate: ["database", "front", "internal"],
    web: ["database", "front", "internal"],
  });
  expect(mapping(compose.networks)).toEqual({
    internet: "",
    front: "{ internal: true }",
    internal: "{ internal: true }",
    database: "{ internal: true }",
  });
  expect(mapping(services.automate?.networks).internal).toBe("{ aliases: [automate-internal] }");
  expect(mapping(services.automate?.environment)).toMatchObject({
    AUTOMATE_HOST: "automate-runtime",
    AUTOMATE_INTERNAL_HOST: "automate-internal",
  });
});

it("a build receives sources alone, with every engine", () => {
  const lines = read(".containerignore").split("\n");
  expect(lines[1]).toBe("*");
  expect(
    lines.filter((line) => /^!(\.|docs|e2e|scripts|testing|deploy(?!\/container\/write-secrets))/.test(line)),
  ).toEqual([]);
  expect(lines).toContain("**/*.test.ts");
  expect(read(".dockerignore")).toBe(read(".containerignore"));
});

it.runIf(process.getuid?.() === 0)(
  "each secret belongs to the user of its container, and stays as it is",
  () => {
    const dir = mkdtempSync(join(tmpdir(), "selvage-secrets-"));
    const write = () =>
      execFileSync(process.execPath, [join(root, "deploy/container/write-secrets.mjs"), dir]);
    const contents = () => readdirSync(dir).map((file) => [file, readFileSync(join(dir, file), "utf8")]);
    write();
    const first = contents();
    write();
    expect(contents()).toEqual(first);
    const owners = readdirSync(dir).map((file) => {
      const { uid, mode } = statSync(join(dir, file));
      return [file, `${uid} ${(mode & 0o777).toString(8)}`];
    });
    expect(Object.fromEntries(owners)).toEqual({
      "automate-database.password": "0 600",
      "automate-signing.jwk": "0 600",
      "automate.env": "10002 400",
      "master.key": "10002 400",
      "migrate.env": "10004 400",
      "operator-signing.jwk": "0 600",
      "operator.env": "10004 400",
      "postgres.password": "999 400",
      "session.secret": "0 600",
      "web-database.password": "0 600",
      "web-signing.jwk": "0 600",
      "web.env": "10001 400",
    });
    const variables = (file: string) => Object.keys(parseEnv(readFileSync(join(dir, file), "utf8"))).sort();
    expect(variables("web.env")).toEqual([
      "AUTOMATE_PUBLIC_KEY",
      "SESSION_SECRET",
      "WEB_DATABASE_URL",
      "WEB_SIGNING_KEY",
    ]);
    expect(variables("automate.env")).toEqual([
      "AUTOMATE_DATABASE_URL",
      "AUTOMATE_SIGNING_KEY",
      "OPERATOR_PUBLIC_KEY",
      "WEB_PUBLIC_KEY",
    ]);
    expect(variables("operator.env")).toEqual([
      "AUTOMATE_PUBLIC_KEY",
      "DATABASE_URL",
      "OPERATOR_SIGNING_KEY",
    ]);
    rmSync(dir, { recursive: true });
  },
);
