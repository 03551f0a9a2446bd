import type { CheckCode, CheckStep, CheckText } from "@/lib/connectors/check-protocol";
import type { Connector } from "@/lib/connectors/define";
import { reachingTexts } from "@/lib/connectors/texts/reaching";
import { signingInTexts } from "@/lib/connectors/texts/signing-in";
import { usingTexts } from "@/lib/connectors/texts/using";

const stepTitles: Record<CheckStep, string> = {
  name: "Name",
  network: "Network",
  tls: "Encryption",
  sign_in: "Sign in",
  permission: "Permission",
};

/** The screen title of a step, for this kind of connection. */
export function stepTitle(step: CheckStep, connector: Pick<Connector, "stepTitles">): string {
  return connector.stepTitles?.[step] ?? stepTitles[step];
}

/** The text for each code. The texts below concern Selvage itself. */
export const checkTexts: Record<CheckCode, CheckText> = {
  ...reachingTexts,
  ...signingInTexts,
  ...usingTexts,
  misconfigured: {
    title: "These settings do not fit together.",
    advice: "Correct the fields of this connection.",
  },
  destination_not_allowed: {
    title: "This destination is not allowed for this secret yet.",
    advice:
      "An Admin of the team must allow it, because someone else entered the value or the fabric is locked. Selvage reached the server and sent no secret. Pipelines can’t use the connection until then.",
  },
  destination_unconfirmed: {
    title: "This destination is not allowed for this secret yet.",
    advice:
      "Allow only a destination that you know. Selvage reached the server and sent no secret. Pipelines can’t use the connection until then.",
  },
  secret_missing: {
    title: "The chosen secret no longer exists.",
    advice: "Choose another secret.",
  },
  automate_unavailable: {
    title: "Automate did not answer, so the check did not run.",
    advice: "Try again in a minute. If it keeps failing, tell an operator of Selvage.",
  },
  database_unavailable: {
    title: "Selvage’s database is unavailable, so the check did not run.",
    advice: "Try again in a moment. If it keeps failing, tell an operator of Selvage.",
  },
  selvage_misconfigured: {
    title: "Selvage is misconfigured, so the check did not run.",
    advice: "Tell an operator of Selvage. The log of web names the cause.",
  },
  key_service_unavailable: {
    title: "The key service did not answer, so the check did not run.",
    advice: "Try again in a moment. If it keeps failing, tell an operator of Selvage.",
  },
  key_disabled: {
    title: "The fabric’s master key is disabled, so the check did not run.",
    advice: "An operator, or the person who manages the key, must enable it in its key service.",
  },
  key_denied: {
    title: "The key service refused the fabric’s master key, so the check did not run.",
    advice: "An operator, or the person who manages the key, must let Automate use it.",
  },
  key_missing: {
    title: "The fabric’s master key is missing, so the check did not run.",
    advice: "An operator, or the person who manages the key, must restore it.",
  },
  busy: {
    title: "Too many checks are running.",
    advice: "Try again in a moment.",
  },
  cancelled: {
    title: "The check was cancelled.",
    advice: "Start it again when you want.",
  },
  unexpected: {
    title: "The check stopped for an unknown reason.",
    advice: "Try again. If it keeps failing, tell an operator of Selvage.",
  },
};
