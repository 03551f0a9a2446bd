import type { Metadata } from "next";
import { BasicInfo } from "@/components/fabrics/basic-info";
import { EditFabricButton } from "@/components/fabrics/edit-fabric-button";
import { WhoCan } from "@/components/fabrics/who-can";
import { QuotaNotices } from "@/components/quotas/quota-notices";
import { allows } from "@/lib/access/policy";
import { getFabric } from "@/lib/fabrics/queries";
import { requireScope } from "@/lib/next/require-scope";
import { listNearlyUsed } from "@/lib/quotas/estimate";
import { quotaKeys } from "@/lib/quotas/schema";

export const metadata: Metadata = { title: "Basic info" };

export default async function BasicInfoPage({ params }: { params: Promise<{ fabricId: string }> }) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "fabric:see");
  const fabric = await getFabric(scope);
  const { id, name, description } = fabric;
  return (
    <section aria-labelledby="basic-info" className="flex max-w-3xl flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="basic-info" className="font-semibold text-lg">
          Basic info
        </h2>
        {allows(scope.role, "fabric:write") ? (
          <EditFabricButton fabric={{ id, name, description }} />
        ) : (
          <WhoCan act="can edit this" team={fabric.team.name} admins={fabric.admins} />
        )}
      </div>
      <QuotaNotices uses={await listNearlyUsed(scope, quotaKeys)} />
      <BasicInfo fabric={fabric} />
    </section>
  );
}
