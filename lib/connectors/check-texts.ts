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
    advice: "Check the fields of this connection.",
  },
  destination_not_allowed: {
    title: "This secret may not be sent there yet.",
    advice:
      "Somebody else entered its value, or the fabric is locked, so an Admin of the team decides. Nothing was sent. Pipelines can’t use the connection until then.",
  },
  destination_unconfirmed: {
    title: "This secret was never sent there.",
    advice:
      "Send it only to a place that you know. Nothing was sent yet. Pipelines can’t use the connection until then.",
  },
  secret_missing: {
    title: "The secret that was chosen is gone.",
    advice: "Choose another one.",
  },
  automate_unavailable: {
    title: "Automate does not answer, so nothing was checked.",
    advice: "Try again in a minute; if it stays, tell an operator of Selvage.",
  },
  database_unavailable: {
    title: "Selvage’s own database is not available, so nothing was checked.",
    advice: "Try again in a moment; if it stays, tell an operator of Selvage.",
  },
  selvage_misconfigured: {
    title: "Selvage is not set up right, so nothing was checked.",
    advice: "Tell an operator of Selvage: the log of web says why.",
  },
  busy: {
    title: "Too many checks are running at the moment.",
    advice: "Try again in a moment.",
  },
  cancelled: {
    title: "The check was cancelled.",
    advice: "Start it again whenever you like.",
  },
  unexpected: {
    title: "The check stopped for a reason that we do not know.",
    advice: "Try again; if it stays, tell an operator of Selvage.",
  },
};
