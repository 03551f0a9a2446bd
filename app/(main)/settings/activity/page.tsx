import { History } from "lucide-react";
import type { Metadata } from "next";
import { ActivityList } from "@/components/activity/activity-list";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { listAccountEvents } from "@/lib/activity/account-queries";
import { requireActor } from "@/lib/next/require-scope";

export const metadata: Metadata = { title: "Account activity" };

export default async function AccountActivityPage() {
  const events = await listAccountEvents(await requireActor());
  return (
    <>
      <PageHeader
        title="Account activity"
        description="The newest 100 events of your account: sign-ins, refused ones too, access tokens, and what operators changed. If you see a sign-in that is not yours, ask an operator to reset your password."
      />
      {events.length > 0 ? (
        <ActivityList events={events} />
      ) : (
        <EmptyState icon={<History />} title="Nothing has happened yet">
          Your sign-ins and access tokens will be listed here.
        </EmptyState>
      )}
    </>
  );
}
