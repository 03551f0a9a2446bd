import "server-only";
import { setTimeout as sleep } from "node:timers/promises";
import { connectionFault } from "@/lib/db/connection-fault";
import { preparedQuery } from "@/lib/db/prepared";
import { WrongDatabaseRole } from "@/lib/db/role";
import { databaseUrl } from "@/lib/env";

const ping = preparedQuery("SELECT 1");
const everyMs = 500;
const reportEveryMs = 5_000;

/**
 * Waits until the database answers. Every few seconds, reports why it waits.
 * Throws at once when waiting cannot help, for example for a wrong password or a missing role.
 */
export async function waitForDatabase(report: (message: string) => void | Promise<void>): Promise<void> {
  for (let reportedAt = Number.NEGATIVE_INFINITY; ; await sleep(everyMs)) {
    try {
      await ping();
      return;
    } catch (error) {
      const { sentence, isTemporary } = connectionFault(error, databaseUrl());
      if (!isTemporary) throw new WrongDatabaseRole(sentence, { cause: error });
      if (performance.now() - reportedAt < reportEveryMs) continue;
      await report(`${sentence} Waiting …`);
      reportedAt = performance.now();
    }
  }
}
