import { z } from "zod";

const openedSecret = z.union([
  z.string(),
  z.instanceof(Uint8Array),
  z.strictObject({ username: z.string(), password: z.string() }),
  z.strictObject({
    clientId: z.string(),
    clientSecret: z.string(),
    authUrl: z.string(),
    scope: z.string().optional(),
  }),
]);

const destination = z.strictObject({
  protocol: z.string(),
  host: z.string(),
  port: z.number(),
  tls: z.enum(["verify-full", "require", "disable"]).exactOptional(),
  hostKey: z.string().exactOptional(),
  hostField: z.string(),
  portField: z.string(),
  secretFields: z.array(z.string()).readonly(),
});

/** What automate hands to a check worker: one check's properties and opened secrets, and where they may go. */
export const checkJobSchema = z.strictObject({
  kind: z.string(),
  /** Validated by the connector; credential fields hold ids, which `secrets` replaces by what they open to. */
  properties: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), openedSecret),
  destinations: z.array(destination).readonly(),
  egressAllow: z.array(z.string()).readonly(),
});
export type CheckJob = z.output<typeof checkJobSchema>;
