import { z } from "zod";

/** Who may send the secrets of a fabric to new destinations. */
export const destinationRules = ["ask", "open", "locked"] as const;
export const destinationRuleSchema = z.enum(destinationRules);
export type DestinationRule = (typeof destinationRules)[number];
export const defaultDestinationRule: DestinationRule = "ask";
