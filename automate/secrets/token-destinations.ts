import { settleVersion } from "@/automate/secrets/settle-version";
import { findSecretById, type SecretWithAuthors, type UsableSecret } from "@/automate/secrets/usable-secret";
import { authorityOf } from "@/lib/connectors/destination";
import { atLeastOne, type Destinations } from "@/lib/connectors/secret-destinations";
import { preparedQuery } from "@/lib/db/prepared";
import { isSingleValue } from "@/lib/secrets/kinds/registry";

/** A CA certificate that vouches for a token server, and the destination that names it. */
export type TokenAuthority = { secret: SecretWithAuthors; destination: string };

const findAllowedKeys = preparedQuery<{ destination: string }>(
  `SELECT destination FROM allowed_destination
   WHERE "fabricId" = $1 AND "secretId" = $2 AND version = $3 AND split_part(destination, '?', 1) = $4
   ORDER BY destination`,
);

/**
 * Returns the destinations under which this version of an M2M OAuth secret may be sent to its token server,
 * and the CA certificates that they name, at their current versions.
 *
 * A connection adds the destination that names its CA certificate. `server` itself, verified by the public
 * authorities, is the only destination if none is allowed yet: the caller then refuses it.
 */
export async function findTokenDestinations(
  { fabricId, id, version }: UsableSecret,
  server: string,
): Promise<{ destinations: Destinations; authorities: TokenAuthority[] }> {
  const readKeys = async () =>
    (await findAllowedKeys(fabricId, id, version, server)).map(({ destination }) => destination);
  let keys = await readKeys();
  if (keys.length === 0) {
    await settleVersion(fabricId, id);
    keys = await readKeys();
  }
  let named = await findAuthorities(fabricId, keys);
  const replaced = named.filter(({ secret, at }) => secret.version !== at);
  if (replaced.length > 0) {
    // A renewed CA certificate keeps the destinations of the former one once it is settled.
    for (const { secret } of replaced) await settleVersion(fabricId, secret.id);
    keys = await readKeys();
    named = await findAuthorities(fabricId, keys);
  }
  const authorities = named.filter(({ secret, at }) => secret.version === at);
  const current = [...keys.filter((key) => key === server), ...authorities.map((one) => one.destination)];
  return { destinations: atLeastOne(current) ?? [server], authorities };
}

async function findAuthorities(fabricId: string, keys: readonly string[]) {
  const found = await Promise.all(
    keys.map(async (destination) => {
      const reference = authorityOf(destination);
      const secret = reference && (await findSecretById({ fabricId }, reference.id));
      return secret && isSingleValue(secret.subKind) ? [{ destination, secret, at: reference.version }] : [];
    }),
  );
  return found.flat();
}
