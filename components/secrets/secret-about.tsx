import type { ReactNode } from "react";
import { CertificateBadge } from "@/components/secrets/certificate-badge";
import { DetailSection } from "@/components/secrets/detail-section";
import { formatBytes } from "@/components/ui/format-bytes";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretAbout({ secret }: { secret: SecretDetail }) {
  const { facts } = secret;
  return (
    <DetailSection id="about" title="About">
      <dl className="flex flex-col gap-3 [overflow-wrap:anywhere]">
        <Detail term="Created">
          <RelativeTime date={secret.createdAt} /> by {secret.createdByName}
        </Detail>
        <Detail term="Updated">
          <RelativeTime date={secret.updatedAt} /> by {secret.updatedByName}
        </Detail>
        {facts.fileName && <Detail term="File">{facts.fileName}</Detail>}
        {facts.sizeBytes !== undefined && <Detail term="Size">{formatBytes(facts.sizeBytes)}</Detail>}
        {facts.authHost && <Detail term="Auth URL host">{facts.authHost}</Detail>}
        {facts.certificate && (
          <>
            <Detail term="Certificate of">{facts.certificate.subject}</Detail>
            <Detail term="Issued by">{facts.certificate.issuer}</Detail>
            <Detail term="Valid until">
              {facts.certificate.expiresAt.slice(0, 10)} <CertificateBadge certificate={facts.certificate} />
            </Detail>
          </>
        )}
      </dl>
    </DetailSection>
  );
}

function Detail({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted text-sm">{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
