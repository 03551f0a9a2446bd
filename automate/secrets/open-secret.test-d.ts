import type { openSecrets } from "@/automate/secrets/open-secret";
import type { Opening, Purpose, Sending } from "@/automate/secrets/purpose";
import type { Scope } from "@/lib/access/scope";

// Only the compiler runs this. A purpose without a destination must not compile, except a read of a secret by its name.

type Without<P> = P extends { openings: readonly Sending[] } ? never : P;
const onlyByName: Without<Purpose>["for"] = "pipeline";
void onlyByName;

export function purposesNameTheirDestinations(
  run: typeof openSecrets,
  keys: Parameters<typeof openSecrets>[0],
  { secret, fields }: Opening,
  use: Scope<"secret:use">,
  check: Scope<"connection:check">,
) {
  const byName = [{ secret, fields }];
  const source = "";
  const via = { id: "c", name: "c" };
  void run(keys, { for: "pipeline", scope: use, source, openings: byName });

  // @ts-expect-error a token is bought somewhere
  void run(keys, { for: "token", scope: use, source, openings: byName });
  // @ts-expect-error a connection leads somewhere
  void run(keys, { for: "connection", scope: use, source, via, openings: byName });
  // @ts-expect-error a check goes somewhere
  void run(keys, { for: "check", scope: check, connection: "c", openings: byName });
  // @ts-expect-error a certificate vouches for a server
  void run(keys, { for: "authority", scope: use, source, trustedFor: secret, openings: byName });
  const nowhere = [{ secret, fields, destinations: [] as const }];
  // @ts-expect-error no destination is not a destination
  void run(keys, { for: "token", scope: use, source, openings: nowhere });
  // @ts-expect-error a purpose that nobody declared
  void run(keys, { for: "rotation", scope: use, source, openings: byName });
}
