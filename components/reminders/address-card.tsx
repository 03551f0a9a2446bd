import { ConfirmAddressButton } from "@/components/reminders/confirm-address-button";
import { SendCodeButton } from "@/components/reminders/send-code-button";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import type { ReminderSettings } from "@/lib/reminders/schema";

const verifiedTexts = {
  identity: "Verified by single sign-on",
  operator: "Verified by an operator",
  code: "Verified by a code",
} as const;

/** The person's address for reminders, and how to verify it. */
export function AddressCard({ settings }: { settings: ReminderSettings }) {
  const { email, verifiedBy, codeSentAt, channels } = settings;
  const hasEmail = channels.includes("email");
  return (
    <section
      aria-labelledby="address"
      className="flex max-w-2xl flex-col gap-3 rounded-lg border border-line bg-surface px-4 py-4"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 id="address" className="wrap-anywhere font-semibold">
          {email}
        </h2>
        {verifiedBy ? (
          <Badge tone="success">{verifiedTexts[verifiedBy]}</Badge>
        ) : (
          <Badge tone="warning">Not verified</Badge>
        )}
      </div>
      <p className="text-muted">{stateText(hasEmail, verifiedBy !== null)}</p>
      {hasEmail && !verifiedBy && (
        <div className="flex flex-wrap items-center gap-2">
          <SendCodeButton isAgain={codeSentAt !== null} />
          {codeSentAt && <ConfirmAddressButton email={email} />}
          {codeSentAt && (
            <span className="text-faint text-sm">
              A code was sent <RelativeTime date={codeSentAt} />.
            </span>
          )}
        </div>
      )}
      {channels.includes("webhook") && (
        <p className="text-muted text-sm">
          Selvage also sends all reminders of this installation to a webhook of its operator.
        </p>
      )}
    </section>
  );
}

function stateText(hasEmail: boolean, isVerified: boolean): string {
  if (!hasEmail)
    return "This installation sends no e-mail: ask an operator of Selvage to set up a mail server. Expiring secrets are in the list of secrets, under the state Expiring.";
  return isVerified
    ? "Your reminders go to this address."
    : "Selvage sends reminders only to verified addresses. Have a code sent to this one, and enter it here.";
}
