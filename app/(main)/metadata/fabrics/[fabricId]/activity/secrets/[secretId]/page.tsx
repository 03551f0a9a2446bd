import type { Metadata } from "next";
import { AccessPeriod } from "@/components/activity/access-period";
import { activityHref } from "@/components/activity/activity-href";
import { SecretAccessView } from "@/components/activity/secret-access-view";
import { BackLink } from "@/components/ui/back-link";
import { accessPeriod } from "@/lib/activity/schema";
import { listSecretAccess } from "@/lib/activity/secret-access";
import { rangeOf } from "@/lib/audit/schema";
import { notFoundPage, requireScope } from "@/lib/next/require-scope";

export const metadata: Metadata = { title: "Who could use it" };

type Props = {
  params: Promise<{ fabricId: string; secretId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

const dayMs = 86_400_000;

export default async function SecretAccessPage({ params, searchParams }: Props) {
  const { fabricId, secretId } = await params;
  const scope = await requireScope(fabricId, "activity:list");
  const now = Date.now();
  const given = accessPeriod.parse(await searchParams);
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  const period = given.from || given.to ? given : { from: day(now - 29 * dayMs), to: undefined };
  const { from = new Date(0), to = new Date(now) } = rangeOf(period);
  const access = await listSecretAccess(scope, { secretId, from, to }).catch(notFoundPage);
  return (
    <section aria-labelledby="access" className="flex flex-col gap-5">
      <BackLink href={activityHref(fabricId, { object: secretId, ...given })}>
        Activity of this secret
      </BackLink>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="access" className="wrap-anywhere font-semibold text-xl">
          Who could use {access.secret.name}, and who did
        </h2>
        <div className="flex flex-wrap gap-3">
          <AccessPeriod from={period.from ?? ""} to={period.to ?? ""} now={now} />
        </div>
      </div>
      <SecretAccessView fabricId={fabricId} access={access} period={period} />
    </section>
  );
}
