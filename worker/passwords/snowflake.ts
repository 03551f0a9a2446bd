import { snowflake, snowflakeHost } from "@/lib/connectors/kinds/snowflake";
import { CheckFailure } from "@/worker/check";
import { requireProperty, textAt } from "@/worker/clients/http";
import { createServiceClient } from "@/worker/clients/service-client";
import { signSnowflakeToken, snowflakeFingerprint } from "@/worker/clients/snowflake-key";
import { type Bearer, runStatement } from "@/worker/clients/snowflake-statement";
import { definePasswordSetter } from "@/worker/passwords/define";
import { snowflakeName, snowflakeText } from "@/worker/passwords/quoting";

/** The two public keys of a user, each with the property that has its fingerprint ("ALTER USER", docs.snowflake.com). */
const slots = [
  { key: "RSA_PUBLIC_KEY", fingerprint: "RSA_PUBLIC_KEY_FP" },
  { key: "RSA_PUBLIC_KEY_2", fingerprint: "RSA_PUBLIC_KEY_2_FP" },
] as const;

/**
 * Sets a user's public key in the slot that does not have the key of this sign-in, so that both work afterwards. The
 * new private key never comes here.
 */
export const setSnowflakeKey = definePasswordSetter(snowflake, {
  async set(properties, { verifier }, { begin }) {
    const { account, username, privateKey } = properties;
    if (verifier === undefined) throw new CheckFailure("misconfigured");
    const host = requireProperty(snowflakeHost(account) ?? undefined, "account");
    const user = requireProperty(username, "username");
    const key = requireProperty(privateKey, "privateKey");
    const call = await createServiceClient("account");
    const token = await signSnowflakeToken(account, user, key);
    const bearer: Bearer = { token, type: "KEYPAIR_JWT", field: "privateKey" };
    const run = (statement: string) => runStatement(call, host, bearer, properties, statement);
    // A user may sign in by another name than its own.
    const name = snowflakeName(textAt((await run("SELECT CURRENT_USER()"))[0], 0));
    const slot = otherSlot(await run(`DESCRIBE USER ${name}`), snowflakeFingerprint(key));
    begin("permission");
    await run(`ALTER USER ${name} SET ${slot} = ${snowflakeText(verifier)}`);
  },
});

/** The slot without this key. A row begins with a property's name; its value is one of the columns that follow. */
function otherSlot(rows: readonly unknown[], fingerprint: string): string {
  const has = (property: string) =>
    rows.some((row) => Array.isArray(row) && row[0] === property && row.includes(fingerprint));
  const [first, second] = slots;
  if (has(first.fingerprint)) return second.key;
  if (has(second.fingerprint)) return first.key;
  throw new CheckFailure("unexpected_answer", "account", undefined, "sign_in");
}
