import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";

export const ruleTexts: Record<DestinationRule, { label: string; about: string }> = {
  ask: {
    label: "Ask",
    about:
      "The person who entered a value may send it to a new destination. Everyone else requests approval.",
  },
  open: {
    label: "Open",
    about: "Everyone with access to the fabric may send any of its secrets anywhere. Activity records it.",
  },
  locked: {
    label: "Locked",
    about: "Only Admins may allow a new destination. The person who entered the value may not.",
  },
};
