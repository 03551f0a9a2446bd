import { z } from "zod";
import type { MasterKey } from "@/lib/kms/define";
import { localKey, openLocalKey } from "@/lib/kms/providers/local";

/** What every key of the keyring has, whatever its provider. */
const common = {
  /** The operator's name for the key, shown on screens and in metrics. */
  label: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .regex(/^[^\p{C}]+$/u, "has a character that cannot be printed"),
  /** The id of the team that alone may use the key. */
  team: z.string().min(1).optional(),
};

/** One key of the keyring's file. A provider adds one member here and one line below. */
export const keySettings = z.discriminatedUnion("provider", [localKey.extend(common)]);
export type KeySettings = z.infer<typeof keySettings>;

/** Opens a master key. Throws `BadMasterKey` for wrong settings. */
export async function openMasterKey({
  label: _label,
  team: _team,
  ...settings
}: KeySettings): Promise<MasterKey> {
  switch (settings.provider) {
    case "local":
      return openLocalKey(settings);
  }
}
