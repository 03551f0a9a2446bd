import type { Metadata } from "next";
import { AlarmBanners } from "@/components/alarms/alarm-banners";
import { ProviderBadge } from "@/components/fabrics/provider-badge";
import { MasterKeyBanners } from "@/components/master-keys/master-key-banner";
import { Link } from "@/components/ui/link";
import { PageHeader } from "@/components/ui/page-header";
import { TabsNav } from "@/components/ui/tabs-nav";
import { allows } from "@/lib/access/policy";
import { listAlarms } from "@/lib/alarms/queries";
import { getFabric } from "@/lib/fabrics/queries";
import { listUnusableMasterKeys } from "@/lib/master-keys/queries";
import { requireScope } from "@/lib/next/require-scope";
import { countTrash } from "@/lib/trash/queries";

type Props = { params: Promise<{ fabricId: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { fabricId } = await params;
  const { name } = await getFabric(await requireScope(fabricId, "fabric:see"));
  return { title: { template: `%s · ${name} · Selvage`, default: `${name} · Selvage` } };
}

export default async function FabricLayout({ params, children }: Props & { children: React.ReactNode }) {
  const { fabricId } = await params;
  const scope = await requireScope(fabricId, "fabric:see");
  const fabric = await getFabric(scope);
  const alarms = allows(scope.role, "alarm:acknowledge")
    ? await listAlarms(await requireScope(fabricId, "activity:list"))
    : [];
  const inTrash = await countTrash(await requireScope(fabricId, "trash:list"));
  const home = `/metadata/fabrics/${fabric.id}`;
  return (
    <>
      <PageHeader
        title={fabric.name}
        breadcrumb={[{ href: "/metadata", label: "Metadata" }]}
        badge={<ProviderBadge provider={fabric.provider} />}
        description={
          <Link href={`/metadata/teams/${fabric.team.id}`} className="hover:text-ink hover:underline">
            {fabric.team.name}
          </Link>
        }
      />
      <TabsNav
        label="Fabric"
        tabs={[
          { href: home, label: "Basic info", isExact: true },
          { href: `${home}/connections`, label: "Connections", count: fabric.connections },
          { href: `${home}/secrets`, label: "Secrets", count: fabric.secrets },
          { href: `${home}/activity`, label: "Activity" },
          { href: `${home}/advanced`, label: "Advanced" },
          { href: `${home}/trash`, label: "Trash", ...(inTrash > 0 ? { count: inTrash } : {}) },
        ]}
      />
      <MasterKeyBanners keys={await listUnusableMasterKeys(scope)} />
      <AlarmBanners fabricId={fabric.id} alarms={alarms} />
      {children}
    </>
  );
}
