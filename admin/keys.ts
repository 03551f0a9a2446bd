import "server-only";
import { askAsOperator } from "@/lib/internal-api/operator-client";

type KeyOptions = { sample?: string | undefined };

/** The commands about keys. Automate carries them out, because only it holds the master keys. */
export const keyCommands: Record<string, (options: KeyOptions) => Promise<string>> = {
  "keys verify": async ({ sample }) => {
    const found = await askAsOperator(
      "keys:verify",
      { sample: Math.min(Number(sample ?? 10) || 0, 1000) },
      60 * 60_000,
    );
    const { keys, values, failed, problems } = found;
    return [
      `Verified ${keys} fabric keys, and tried ${values} values. ${failed === 0 ? "All are as they were made." : `${failed} are not as they were made:`}`,
      ...problems.map(({ fabricId, kid, problem }) => `  Key ${kid} of fabric ${fabricId}. ${problem}`),
    ].join("\n");
  },
  "keys resign": async () => {
    const { resigned, refused } = await askAsOperator("keys:resign", {}, 10 * 60_000);
    return [
      `Signed the keys of ${resigned} ${resigned === 1 ? "fabric" : "fabrics"} again.`,
      ...refused.map(
        ({ fabricId, kid, reason }) => `Not signed: key ${kid} of fabric ${fabricId}. ${reason}`,
      ),
    ].join("\n");
  },
};
