import * as z from "zod";
import type { MasterKey } from "@/lib/kms/define";
import { awsKey, openAwsKey } from "@/lib/kms/providers/aws";
import { azureKey, openAzureKey } from "@/lib/kms/providers/azure";
import { googleKey, openGoogleKey } from "@/lib/kms/providers/google";
import { localKey, openLocalKey } from "@/lib/kms/providers/local";
import { openPkcs11Key, pkcs11Key } from "@/lib/kms/providers/pkcs11";
import { openTransitKey, transitKey } from "@/lib/kms/providers/transit";

/** The settings of every key in the keyring, common to all providers. */
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
export const keySettings = z.discriminatedUnion("provider", [
  localKey.extend(common),
  pkcs11Key.extend(common),
  awsKey.extend(common),
  transitKey.extend(common),
  azureKey.extend(common),
  googleKey.extend(common),
]);
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
    case "pkcs11":
      return openPkcs11Key(settings);
    case "aws":
      return openAwsKey(settings);
    case "transit":
      return openTransitKey(settings);
    case "azure":
      return openAzureKey(settings);
    case "google":
      return openGoogleKey(settings);
  }
}
