import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";

export const ruleTexts: Record<DestinationRule, { label: string; about: string }> = {
  ask: {
    label: "Ask",
    about: "The person who entered a value may send it somewhere new. Everyone else asks an Admin.",
  },
  open: {
    label: "Open",
    about: "Everyone with access to the fabric may send any of its secrets anywhere. Activity records it.",
  },
  locked: {
    label: "Locked",
    about: "Only Admins allow a new destination, even to the person who entered the value.",
  },
};
