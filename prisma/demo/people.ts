import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import * as z from "zod";
import { addMember, createTeam } from "@/lib/teams/provision";
import { roleNames } from "@/lib/teams/schema";
import { createUser, type System } from "@/lib/users/provision";

const seeder: System = { kind: "system", id: "demo", name: "Demo" };

export const teams = { platform: "Data Platform", finance: "Finance Analytics" } as const;

const people = [
  { email: "astrid@northwind.example", name: "Astrid Lindqvist", role: "admin", teams: [teams.platform] },
  { email: "tomas@northwind.example", name: "Tomás Rivera", role: "user", teams: [teams.platform] },
  { email: "priya@northwind.example", name: "Priya Raman", role: "admin", teams: [teams.finance] },
  { email: "jonas@northwind.example", name: "Jonas Weber", role: "user", teams: [teams.finance] },
  {
    email: "mei@northwind.example",
    name: "Mei Tanaka",
    role: "user",
    teams: [teams.platform, teams.finance],
  },
] as const;
export type DemoEmail = (typeof people)[number]["email"];

const logins = z.array(
  z.object({ email: z.string(), password: z.string(), role: z.string(), team: z.string() }),
);

/** Chooses the demo's passwords, and writes them to the file before any account has them. */
export async function chooseLogins(file: string): Promise<void> {
  const list = people.map(({ email, role, teams: memberOf }) => ({
    email,
    password: randomBytes(12).toString("base64url"),
    role: roleNames[role],
    team: memberOf.join(", "),
  }));
  await writeFile(file, `${JSON.stringify(list, null, 2)}\n`, { mode: 0o600, flag: "wx" });
}

/**
 * Creates the demo's teams and people. Keeps those that an interrupted seed already created: their creation
 * returns "taken".
 */
export async function createPeople(loginsFile: string): Promise<void> {
  const chosen = logins.parse(JSON.parse(await readFile(loginsFile, "utf8")));
  const passwords = new Map(chosen.map(({ email, password }) => [email, password]));
  for (const name of Object.values(teams)) await createTeam(seeder, { name });
  for (const { email, name, role, teams: memberOf } of people) {
    const password = passwords.get(email);
    if (!password) throw new Error(`${loginsFile} has no login of ${email}: it is not this demo's.`);
    await createUser(seeder, { email, name, password });
    for (const team of memberOf) await addMember(seeder, { team, email, role });
  }
}
