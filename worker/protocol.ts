import { z } from "zod";

/** A secret as a check receives it: text, bytes, or the fields of a compound secret. */
const openedSecret = z.union([
  z.string(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  z.record(z.string(), z.string()),
]);

const destination = z.strictObject({
  protocol: z.string(),
  host: z.string(),
  port: z.number(),
  tls: z.enum(["verify-full", "require", "disable"]).exactOptional(),
  hostKey: z.string().exactOptional(),
  srv: z.literal(true).exactOptional(),
  hostField: z.string(),
  portField: z.string(),
  secretFields: z.array(z.string()).readonly(),
  provedFields: z.array(z.string()).readonly().exactOptional(),
});

/** The job that automate sends to a worker: the properties, opened secrets and destinations of one check. */
export const checkJobSchema = z.strictObject({
  kind: z.string(),
  /** Validated by the connector. Credential fields hold secret ids; `secrets` maps those to opened values. */
  properties: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), openedSecret.optional()),
  destinations: z.array(destination).readonly(),
  egressAllow: z.array(z.string()).readonly(),
});
export type CheckJob = z.output<typeof checkJobSchema>;

/** A message to a prewarmed worker: the kind whose driver to load. */
export const preparationSchema = z.strictObject({ prepareFor: z.string() });
export type Preparation = z.output<typeof preparationSchema>;
