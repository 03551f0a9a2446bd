import { type DeliveryFault, type DeliveryJob, deliverySchema } from "@/worker/deliver/protocol";
import { type CheckWorker, startWorker } from "@/worker/fork";

const timeoutMs = 60_000;

/**
 * Sends the messages of one job in a worker, which is killed afterwards. Returns the fault of each message by its id,
 * or null for a message that was accepted. Never rejects. If `stop` aborts, the messages without an outcome are missing.
 */
export async function deliver(
  workerPath: string,
  job: DeliveryJob,
  stop?: AbortSignal,
): Promise<Map<string, DeliveryFault | null>> {
  const worker = startWorker(workerPath);
  const outcomes = new Map<string, DeliveryFault | null>();
  if (worker === null) return withFault(job, outcomes, "unexpected");
  const fault = await new Promise<DeliveryFault | "stopped">((resolve) => {
    const timer = setTimeout(resolve, timeoutMs, "timed_out");
    const end = (reason: DeliveryFault | "stopped") => {
      clearTimeout(timer);
      resolve(reason);
    };
    if (stop?.aborted) return end("stopped");
    stop?.addEventListener("abort", () => end("stopped"), { once: true });
    worker.on("exit", () => end("unexpected"));
    worker.on("error", () => end("unexpected"));
    worker.on("message", (message) => {
      // A hostile server may have taken over the worker. Only outcomes of this job's messages pass.
      const { data } = deliverySchema.safeParse(message);
      if (!data || !job.messages.some(({ id }) => id === data.id)) return end("unexpected");
      outcomes.set(data.id, data.fault);
      if (outcomes.size === job.messages.length) end("unexpected");
    });
    worker.send(job, (error) => error !== null && end("unexpected"));
  });
  kill(worker);
  return fault === "stopped" ? outcomes : withFault(job, outcomes, fault);
}

function withFault(job: DeliveryJob, outcomes: Map<string, DeliveryFault | null>, fault: DeliveryFault) {
  for (const { id } of job.messages) if (!outcomes.has(id)) outcomes.set(id, fault);
  return outcomes;
}

function kill(worker: CheckWorker): void {
  worker.removeAllListeners();
  // Without a listener, Node.js would throw an error of the dying process.
  worker.on("error", () => {});
  worker.kill("SIGKILL");
}
