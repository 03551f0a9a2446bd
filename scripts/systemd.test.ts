import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

/* The units of deploy/systemd: each program runs as its own user, without unneeded rights. */
const folder = resolve(import.meta.dirname, "../deploy/systemd");
const read = (file: string) => readFileSync(join(folder, file), "utf8");
const units = readdirSync(folder).filter((file) => file.endsWith(".service"));
const setting = (unit: string, key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];

it("each program has a unit", () => {
  expect(units.sort()).toEqual([
    "selvage-activity.service",
    "selvage-automate.service",
    "selvage-backup.service",
    "selvage-drill.service",
    "selvage-migrate.service",
    "selvage-web.service",
    "selvage-workers.service",
  ]);
});

it.each(units)("%s opens no inspector, leaves no core dump and gains no privilege", (file) => {
  const unit = read(file);
  expect(setting(unit, "ExecStart")).toMatch(/^\/usr\/bin\/node --disable-sigusr1 /);
  expect(setting(unit, "LimitCORE")).toBe("0");
  expect(setting(unit, "NoNewPrivileges")).toBe("yes");
  expect(setting(unit, "CapabilityBoundingSet")).toBe("");
  expect(setting(unit, "ProtectSystem")).toBe("strict");
  // ptrace is in the group @debug: workers of one user cannot trace each other.
  expect(unit).toMatch(/^SystemCallFilter=~.*@debug/m);
});

it("backup, drill and the audit log have timers that catch up after the machine was off", () => {
  for (const name of ["backup", "drill", "activity"]) {
    const timer = read(`selvage-${name}.timer`);
    expect(setting(timer, "OnCalendar")).toMatch(/^(daily|weekly)$/);
    expect(setting(timer, "Persistent")).toBe("yes");
  }
});

it("web, automate and workers run as separate users, and only automate receives the master key", () => {
  const users = ["web", "automate", "workers"].map((name) =>
    setting(read(`selvage-${name}.service`), "User"),
  );
  expect(users).toEqual(["selvage-web", "selvage-automate", "selvage-workers"]);
  for (const user of users) expect(read("selvage.sysusers.conf")).toContain(`u ${user} - `);
  expect(units.filter((file) => read(file).includes("master.key"))).toEqual(["selvage-automate.service"]);
  const backups = ["backup", "drill"].map((name) => setting(read(`selvage-${name}.service`), "User"));
  expect(backups).toEqual(["selvage-backup", "selvage-backup"]);
  expect(read("selvage-workers.service")).not.toMatch(/EnvironmentFile|DATABASE/);
});
