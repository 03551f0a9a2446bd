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
        description="The latest 100 events of your account: sign-ins, refused sign-ins, access tokens, and changes by operators. If you do not recognize a sign-in, ask an operator to reset your password."
      />
      {events.length > 0 ? (
        <ActivityList events={events} />
      ) : (
        <EmptyState icon={<History />} title="No activity yet">
          Your sign-ins and access tokens appear here.
        </EmptyState>
      )}
    </>
  );
}
