import * as z from "zod";

/** The rules for new destinations of a fabric's secrets. `locked` requires an Admin, `open` allows every member. */
export const destinationRules = ["ask", "open", "locked"] as const;
export const destinationRuleSchema = z.enum(destinationRules);
export type DestinationRule = (typeof destinationRules)[number];
export const defaultDestinationRule: DestinationRule = "ask";
