import { existsSync } from "node:fs";
import { chmod, chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadDatabasePassword, loadKeys, masterKeyFile } from "../../launcher/keys.mjs";
import { fail } from "../../launcher/progress.mjs";

// Writes the secrets of compose.yaml. Each is readable only by the user of its container. Keeps existing files.

const users = { postgres: 999, web: 10001, automate: 10002, migrate: 10004 };

/** Writes missing secrets to `dir`. Requires root, because each file belongs to another user. */
async function writeSecrets(dir) {
  const database = existsSync(join(dir, "automate.env")) ? "the database of these containers" : undefined;
  const { keys } = await loadKeys(dir, async () => database);
  const password = await loadDatabasePassword(dir, database);
  await give(masterKeyFile(dir), users.automate);
  await give(join(dir, "postgres.password"), users.postgres);
  const url = (login, secret) => `postgres://${login}:${secret}@postgres:5432/selvage`;
  const logins = {
    selvage_web_login: keys.webPassword,
    selvage_automate_login: keys.automatePassword,
  };
  await writeEnvironment(join(dir, "migrate.env"), users.migrate, {
    DATABASE_URL: url("selvage", password),
    MIGRATE_LOGINS: JSON.stringify(logins),
  });
  await writeEnvironment(join(dir, "operator.env"), users.migrate, {
    DATABASE_URL: url("selvage", password),
    OPERATOR_SIGNING_KEY: keys.operatorSigningKey,
    AUTOMATE_PUBLIC_KEY: keys.automatePublicKey,
  });
  await writeEnvironment(join(dir, "automate.env"), users.automate, {
    AUTOMATE_DATABASE_URL: url("selvage_automate_login", keys.automatePassword),
    AUTOMATE_SIGNING_KEY: keys.automateSigningKey,
    WEB_PUBLIC_KEY: keys.webPublicKey,
    OPERATOR_PUBLIC_KEY: keys.operatorPublicKey,
  });
  await writeEnvironment(join(dir, "web.env"), users.web, {
    WEB_DATABASE_URL: url("selvage_web_login", keys.webPassword),
    SESSION_SECRET: keys.sessionSecret,
    WEB_SIGNING_KEY: keys.webSigningKey,
    AUTOMATE_PUBLIC_KEY: keys.automatePublicKey,
  });
}

async function writeEnvironment(file, user, variables) {
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${value}'\n`);
  if (!existsSync(file)) await writeFile(file, lines.join(""), { mode: 0o600 });
  await give(file, user);
}

async function give(file, user) {
  await chown(file, user, user);
  await chmod(file, 0o400);
}

const [dir] = process.argv.slice(2);
if (dir === undefined) {
  process.stderr.write("Name the folder for the secrets.\n");
  process.exit(1);
}
await writeSecrets(dir).catch(fail);
