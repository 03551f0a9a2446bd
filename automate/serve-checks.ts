import { type AtRest, checkJobSchema, preparationSchema } from "@/automate/check-job";
import { prepareCheck, runCheck, type Surroundings } from "@/automate/run-check";
import type { CheckEvent } from "@/lib/connectors/check-protocol";

/**
 * Makes this process a check worker. It has no environment, no output and no other input than messages from automate:
 * perhaps the kind to prepare for, then checks, one after another, all of one configuration. What leaves it are steps and
 * a result of a closed list, never what a driver or a server said.
 */
export function serveChecks(surroundings: () => Surroundings = () => ({})): void {
  const speech = createSpeech();
  process.once("disconnect", () => process.exit(0));
  process.on("message", async (message) => {
    const preparation = preparationSchema.safeParse(message);
    if (preparation.success) return prepareCheck(preparation.data.prepareFor);
    const { result, rest } = await runCheck(checkJobSchema.parse(message), speech.say, surroundings());
    // Nobody who asked waits until sockets are closed.
    speech.say(result);
    speech.flush();
    if (await rest()) process.send?.({ type: "at_rest" } satisfies AtRest);
    // Sent messages are flushed before the channel closes; what a driver left behind must not keep us.
    else process.disconnect();
  });
  process.send?.({ type: "ready" });
}

/** No person sees steps that are closer together, and each message costs more than what is in it. */
const togetherMs = 5;

/**
 * Says as one message what is said within a few milliseconds; but that a credential is about to be sent is said first, since a
 * sign-in counts also when the check is called off right after (`sign-in-budget.ts`).
 */
function createSpeech() {
  let said: CheckEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (said.length > 0) process.send?.(said);
    said = [];
  }
  return {
    say(word: CheckEvent): void {
      said.push(word);
      const isAboutToSend =
        word.type === "step" && word.state === "started" && (word.step === "tls" || word.step === "sign_in");
      if (isAboutToSend) flush();
      else timer ??= setTimeout(flush, togetherMs);
    },
    flush,
  };
}
