import { z } from "zod";

/** A stored value that automate could not open, and that no Admin has acknowledged since. */
export type Alarm = {
  secretId: string;
  secretName: string;
  field: string;
  version: number;
  /** The last time. */
  at: Date;
  /** True when the secret is still there. */
  isThere: boolean;
};

export const acknowledgeAlarmInput = z.object({ secretId: z.string().max(64) });
