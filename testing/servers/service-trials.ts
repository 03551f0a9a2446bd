import { type Authority, createAuthority } from "@/launcher/certificates.mjs";
import { createShippedTrials } from "@/testing/servers/check-trial";
import { createManyChecks } from "@/testing/servers/many-checks";
import type { OneService, Replies } from "@/testing/servers/one-service";
import type { Secrets, StandIns } from "@/testing/servers/trial-job";

type Connection = { properties: Readonly<Record<string, string | number>>; secrets: Secrets };
type Change = Partial<Connection> & { replies?: Replies };
type Start = (authority: Authority, replies: Replies) => Promise<OneService>;

/** Checks of one kind against its stand-in service, which restarts for each check. */
export function createServiceTrials(kind: string, connection: Connection, start: Start) {
  const standIns: StandIns = { routes: {}, authorities: [] };
  const shipped = createShippedTrials(standIns);
  const many = createManyChecks();
  let authority: Authority | undefined;
  let requests: readonly string[] = [];

  async function withService<T>({ replies = {} }: Change, run: () => Promise<T>): Promise<T> {
    authority ??= await createAuthority("Selvage test authority");
    standIns.authorities = [authority.cert];
    const service = await start(authority, replies);
    standIns.routes = service.routes;
    requests = service.requests;
    return run().finally(() => service.close());
  }
  const changed = ({ properties, secrets }: Change): Connection => ({
    properties: { ...connection.properties, ...properties },
    secrets: secrets ?? connection.secrets,
  });

  return {
    /** The service's requests during the last check, without queries. */
    requests: () => requests,
    /** Runs in a production worker. */
    ship(change: Change = {}) {
      const { properties, secrets } = changed(change);
      return withService(change, () => shipped.run(kind, properties, secrets));
    },
    check(change: Change = {}) {
      return withService(change, () => many.run(kind, changed(change), standIns, 5000));
    },
    close() {
      shipped.close();
      many.close();
    },
  };
}
