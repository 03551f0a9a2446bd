import type { DestinationRule } from "@/lib/destinations/schema";

export const ruleTexts: Record<DestinationRule, { label: string; about: string }> = {
  ask: {
    label: "Ask",
    about: "Whoever entered a value may send it somewhere new. Everybody else asks an Admin.",
  },
  open: {
    label: "Open",
    about: "Everybody with access to the fabric may send any of its secrets anywhere. It is recorded.",
  },
  locked: {
    label: "Locked",
    about: "Only Admins allow a new place, also for a value that somebody entered themselves.",
  },
};
