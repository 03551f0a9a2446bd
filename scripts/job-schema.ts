import type { Client } from "pg";
import PgBoss from "pg-boss";
import { checkQueue, jobSchema } from "@/lib/connections/check-queue";

/** Makes or updates the tables of background jobs, and their queues: a queue is a table, so the owner makes it. */
export async function createJobSchema(client: Client): Promise<void> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => client.query(text, values) },
    schema: jobSchema,
    supervise: false,
    // Schedules have queues of their own, which nothing here uses.
    schedule: false,
  });
  await boss.start();
  const { name, ...options } = checkQueue;
  const queue = { name, ...options };
  await boss.createQueue(name, queue);
  await boss.updateQueue(name, queue);
  await boss.stop({ graceful: false, close: false });
}
