import { Fingerprint } from "lucide-react";
import type { ReactNode } from "react";
import { AddIssuerButton } from "@/components/trusted-issuers/add-issuer-button";
import { IssuerTable } from "@/components/trusted-issuers/issuer-table";
import { EmptyState } from "@/components/ui/empty-state";
import type { TrustedIssuerSummary } from "@/lib/trusted-issuers/schema";

export function IssuerSection({
  fabricId,
  issuers,
  isAdmin,
  whoCan,
}: {
  fabricId: string;
  issuers: TrustedIssuerSummary[];
  isAdmin: boolean;
  whoCan: ReactNode;
}) {
  return (
    <section aria-labelledby="issuers" className="flex flex-col gap-4">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div>
          <h2 id="issuers" className="font-semibold text-lg">
            Trusted issuers
          </h2>
          <p className="max-w-2xl text-pretty text-muted">
            Workloads with their own identity, such as a Kubernetes service account or a CI runner, read this
            fabric’s secrets without a stored token.
          </p>
        </div>
        {isAdmin ? <AddIssuerButton fabricId={fabricId} /> : whoCan}
      </div>
      {issuers.length > 0 ? (
        <IssuerTable issuers={issuers} fabricId={fabricId} canRemove={isAdmin} />
      ) : (
        <EmptyState icon={<Fingerprint />} title="No trusted issuers yet">
          Only pipeline tokens read the secrets of this fabric.
        </EmptyState>
      )}
    </section>
  );
}
