import "@/lib/protect-process";
import { parseArgs } from "node:util";
import * as z from "zod";
import { accessText, counts, endedText } from "@/admin/access-text";
import { activityCommands } from "@/admin/activity";
import { keyCommands } from "@/admin/keys";
import { endAccessOf, listAccess } from "@/admin/operator-access";
import { PromptEnded, readNewPassword } from "@/cli/read-password";
import { connectionFault } from "@/lib/db/connection-fault";
import { isOutage } from "@/lib/db/errors";
import { BadEnvironment } from "@/lib/env";
import { OperatorRefused } from "@/lib/internal-api/operator-client";
import type { Result } from "@/lib/result";
import { addMember, createTeam } from "@/lib/teams/provision";
import { memberRole, roleLabels, teamName } from "@/lib/teams/schema";
import {
  commandLine,
  createUser,
  lockUser,
  removeUser,
  resetPassword,
  unlockUser,
} from "@/lib/users/provision";
import { email, newPassword, personName } from "@/lib/users/schema";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";

// The operator's commands: they create the first people and teams, set passwords, end access, and manage keys.
const usage = `Usage: npm run admin -- <command>
  create-user    --email ada@example.com --name "Ada Lovelace"
  create-team    --name Analytics
  add-member     --team Analytics --email ada@example.com --role admin|user
  reset-password --email ada@example.com
  lock-user      --email ada@example.com
  unlock-user    --email ada@example.com
  remove-user    --email ada@example.com
  list-access    [--email ada@example.com]
  end-access     --email ada@example.com | --everybody  [--pipeline-tokens] [--trusted-issuers]
  keys status    the master keys, what each wraps, and the rotations
  keys rotate-master                 wraps all fabric keys with the primary master key of automate's keyring
  keys rotate-fabric --fabric NAME   a new key for a fabric; its stored values are resealed
  keys pause | keys resume  [--fabric NAME]  that rotation, or the one of the master key
  keys verify    [--sample N]  tries every fabric key, and N values under each (10, at most 1000)
  keys resign    signs again, with automate's present signing key, the fabric keys that another one signed
  activity status    the partitions of the audit log, their size, and how long events are kept
  activity maintain  creates the next months' partitions; with ACTIVITY_MONTHS, removes older events. Run it daily
Prompts for passwords, or reads them from standard input when it is not a terminal.`;

/** An error with a sentence for the operator. */
class Refused extends Error {}

const commands: Record<string, (options: Options) => Promise<string>> = {
  ...keyCommands,
  ...activityCommands,
  "keys rotate-fabric": async (options) => {
    const input = parse(z.object({ fabric: z.string().min(1).max(128) }), options);
    return (await keyCommands["keys rotate-fabric"]?.(input)) ?? "";
  },
  "create-user": async (options) => {
    const input = parse(z.object({ email, name: personName }), options);
    const password = await askPassword();
    done(await createUser(commandLine, { ...input, password }), {
      email_taken: `A person with the e-mail address ${input.email} already exists.`,
    });
    return `Created ${input.name} (${input.email}).`;
  },
  "create-team": async (options) => {
    const input = parse(z.object({ name: teamName }), options);
    done(await createTeam(commandLine, input), {
      name_taken: `A team named "${input.name}" already exists.`,
    });
    return `Created the team ${input.name}.`;
  },
  "add-member": async (options) => {
    const input = parse(z.object({ team: teamName, email, role: memberRole }), options);
    done(await addMember(commandLine, input), {
      no_team: `Team "${input.team}" not found.`,
      no_user: `Person ${input.email} not found.`,
      already_member: `${input.email} is already a member of ${input.team}.`,
    });
    return `${input.email} is now ${roleLabels[input.role]} of ${input.team}.`;
  },
  "reset-password": async (options) => {
    const input = parse(z.object({ email }), options);
    const password = await askPassword();
    const ended = done(await resetPassword(commandLine, { ...input, password }), noUser(input.email));
    return `Changed the password of ${input.email}. ${counts(ended)}`;
  },
  "lock-user": async (options) => {
    const input = parse(z.object({ email }), options);
    const ended = done(await lockUser(commandLine, input), noUser(input.email));
    return `Locked ${input.email} out. ${counts(ended)}`;
  },
  "unlock-user": async (options) => {
    const input = parse(z.object({ email }), options);
    done(await unlockUser(commandLine, input), noUser(input.email));
    return `${input.email} can sign in again. Their earlier sessions and access tokens stay ended.`;
  },
  "remove-user": async (options) => {
    const input = parse(z.object({ email }), options);
    const result = await removeUser(commandLine, input);
    const teams = result.ok ? "" : result.fieldErrors?.teams;
    const ended = done(result, {
      ...noUser(input.email),
      last_admin: `${input.email} is the only Admin of ${teams}. Make another member an Admin first, or use lock-user.`,
    });
    return `Removed ${input.email}. ${counts(ended)} Pipeline tokens that they created still work: list-access lists them, and Admins revoke them on the fabric's page.`;
  },
  "list-access": async (options) => {
    const input = parse(z.object({ email: email.optional() }), options);
    return accessText(done(await listAccess(input), noUser(input.email ?? "")));
  },
  "end-access": async (options) => {
    const input = parse(z.object({ email: email.optional() }), options);
    if ((input.email === undefined) === (options.everybody === undefined))
      throw new Refused(`Use either --email or --everybody.\n${usage}`);
    const ended = done(
      await endAccessOf(commandLine, {
        ...input,
        withPipelineTokens: options["pipeline-tokens"] !== undefined,
        withTrustedIssuers: options["trusted-issuers"] !== undefined,
      }),
      noUser(input.email ?? ""),
    );
    return endedText(ended);
  },
};

type Options = Record<string, string | undefined>;

try {
  const [first = "", ...rest] = process.argv.slice(2);
  const isGroup = first === "keys" || first === "activity";
  const [name, args] = isGroup ? [`${first} ${rest[0] ?? ""}`, rest.slice(1)] : [first, rest];
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new Refused(usage);
  console.log(await command(readOptions(args)));
  process.exit(0);
} catch (error) {
  console.error(errorText(error));
  process.exit(1);
}

function readOptions(args: string[]): Options {
  const option = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const flags = { everybody: flag, "pipeline-tokens": flag, "trusted-issuers": flag };
  try {
    const { values } = parseArgs({
      args,
      options: {
        email: option,
        name: option,
        team: option,
        role: option,
        fabric: option,
        sample: option,
        ...flags,
      },
    });
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch {
    throw new Refused(usage);
  }
}

function parse<S extends z.ZodType>(schema: S, options: Options): z.infer<S> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const option = String(issue?.path[0]);
  throw new Refused(
    options[option] === undefined
      ? `Option --${option} is required.\n${usage}`
      : `--${option}: ${issue?.message}`,
  );
}

async function askPassword(): Promise<string> {
  const parsed = newPassword.safeParse(await readNewPassword());
  if (!parsed.success) throw new Refused(parsed.error.issues[0]?.message);
  return parsed.data;
}

function done<T, Code extends string>(result: Result<T, Code>, sentences: Record<Code, string>): T {
  if (!result.ok) throw new Refused(sentences[result.code]);
  return result.value;
}

function noUser(address: string) {
  return { no_user: `Person ${address} not found.` };
}

function errorText(error: unknown): string {
  if (
    error instanceof Refused ||
    error instanceof PromptEnded ||
    error instanceof BadEnvironment ||
    error instanceof OperatorRefused ||
    error instanceof MigrationRefused
  )
    return error.message;
  // A driver's message may contain the database URL, and so its password. Print the code only.
  const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
  if (isOutage(error) && URL.canParse(process.env.DATABASE_URL ?? ""))
    return connectionFault(error, process.env.DATABASE_URL ?? "").sentence;
  return `The database cannot be used${code}: check DATABASE_URL, and run npm run migrate first.`;
}
