import * as z from "zod";

const id = z.uuid();
const time = z.iso.datetime();
const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The content of automate's signature of a backup: the digest of its manifest, which names each file with its digest. */
export const backupStatement = z.object({ backup: id, takenAt: time, manifest: sha256 });
export type BackupStatement = z.infer<typeof backupStatement>;

/** A master key that a drill met, and the values under it. */
const drilledKey = z.object({
  fingerprint: z.string(),
  /** Its label in the keyring, or "" if the keyring has no such key. */
  label: z.string(),
  opened: count,
  unopened: count,
});

/** The content of automate's signature of a drill. It counted `opened` and `unopened` itself. */
export const drillReceipt = z.object({
  drill: id,
  backup: id,
  backupTakenAt: time,
  manifest: sha256,
  startedAt: time,
  endedAt: time,
  /** How many seconds the restore took, as the drill measured. */
  restoreSeconds: z.number().nonnegative(),
  /** The fabrics with values, and all values of the backup, as the drill counted. */
  fabrics: count,
  values: count,
  /** The fabrics of which automate opened at least one value. */
  openedFabrics: count,
  opened: count,
  unopened: count,
  keys: z.array(drilledKey),
  passed: z.boolean(),
});
export type DrillReceipt = z.infer<typeof drillReceipt>;

const text = z.string().max(64 * 1024);
/** A wrapped fabric key, and values that were sealed to it, each at its place. */
export const drillKey = z.object({
  key: z.object({
    fabricId: text,
    kid: text,
    masterKeyId: text,
    wrappedPrivate: text,
    wrappedKey: text,
  }),
  fields: z
    .array(
      z.object({
        secretId: text,
        subKind: text,
        field: text,
        version: z.number().int(),
        sealed: z.string(),
      }),
    )
    .max(1000),
});
export type DrillKey = z.infer<typeof drillKey>;
/** The only thing that automate says about a value of a drill. */
export const openingOutcome = z.enum(["opened", "missing_key", "key_unavailable", "does_not_open"]);
export type OpeningOutcome = z.infer<typeof openingOutcome>;
