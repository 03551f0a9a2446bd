import type { Metadata } from "next";
import { AddressCard } from "@/components/reminders/address-card";
import { ExpiringTable } from "@/components/reminders/expiring-table";
import { PageHeader } from "@/components/ui/page-header";
import { requireActor } from "@/lib/next/require-scope";
import { listOwnExpiring } from "@/lib/reminders/own-expiring";
import { getReminderSettings } from "@/lib/reminders/queries";

export const metadata: Metadata = { title: "Reminders" };

export default async function RemindersPage() {
  const actor = await requireActor();
  const [settings, expiring] = await Promise.all([getReminderSettings(actor), listOwnExpiring(actor)]);
  return (
    <>
      <PageHeader
        title="Reminders"
        description="Selvage reminds the owner of a secret or token 30, 7 and 1 days before it expires and on the last day, the creator of a connection while it is disconnected, and the owner of a secret while its rotation fails. Without an owner, it reminds the Admins of the team."
      />
      <div className="flex flex-col gap-8">
        <AddressCard settings={settings} />
        <ExpiringTable expiring={expiring} />
      </div>
    </>
  );
}
