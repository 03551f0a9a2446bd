import "server-only";
import { askAsOperator } from "@/lib/internal-api/operator-client";

/** The commands about keys. Automate carries them out, because only it holds the master keys. */
export const keyCommands: Record<string, () => Promise<string>> = {
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
