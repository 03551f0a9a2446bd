import { z } from "zod";

/** Who may send the secrets of a fabric somewhere new. */
export const destinationRules = ["ask", "open", "locked"] as const;
export const destinationRuleSchema = z.enum(destinationRules);
export type DestinationRule = (typeof destinationRules)[number];
export const defaultDestinationRule: DestinationRule = "ask";
