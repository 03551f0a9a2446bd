import * as z from "zod";

/** A stored value that automate could not open, with no acknowledgement since. */
export type Alarm = {
  secretId: string;
  secretName: string;
  field: string;
  version: number;
  /** When automate last failed to open it. */
  at: Date;
  /** True when the secret still exists. */
  isThere: boolean;
};

export const acknowledgeAlarmInput = z.object({ secretId: z.string().max(64) });
