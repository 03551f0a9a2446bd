import "server-only";
import { statusText } from "@/admin/keys-text";
import { askAsOperator } from "@/lib/internal-api/operator-client";

type KeyOptions = { fabric?: string | undefined; sample?: string | undefined };

/** The commands about keys. Automate carries them out, because only it holds the master keys. */
export const keyCommands: Record<string, (options: KeyOptions) => Promise<string>> = {
  "keys status": async () => statusText(await askAsOperator("keys:status", {})),
  "keys rotate-master": async () => {
    const { label, fingerprint } = await askAsOperator("keys:rotate-master", {});
    return `Automate now wraps the fabric keys with the master key “${label}” (${fingerprint}). keys status shows how far it is.`;
  },
  "keys rotate-fabric": async ({ fabric = "" }) => {
    const { fabric: name, kid } = await askAsOperator("keys:rotate-fabric", { fabric });
    return `“${name}” seals to its new key ${kid} from now on. Automate reseals its stored values; keys status shows how far it is.`;
  },
  "keys pause": async ({ fabric }) => {
    const { isChanged } = await askAsOperator("keys:pause", { fabric });
    return isChanged ? "Paused. keys resume goes on." : "No such rotation is running.";
  },
  "keys resume": async ({ fabric }) => {
    const { isChanged } = await askAsOperator("keys:resume", { fabric });
    return isChanged ? "Resumed." : "No such rotation is paused.";
  },
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
