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
        <Fact term="Created">
          <RelativeTime date={secret.createdAt} /> by {secret.createdByName}
        </Fact>
        <Fact term="Updated">
          <RelativeTime date={secret.updatedAt} /> by {secret.updatedByName}
        </Fact>
        {facts.fileName && <Fact term="File">{facts.fileName}</Fact>}
        {facts.sizeBytes !== undefined && <Fact term="Size">{formatBytes(facts.sizeBytes)}</Fact>}
        {facts.authHost && <Fact term="Auth URL’s host">{facts.authHost}</Fact>}
        {facts.certificate && (
          <>
            <Fact term="Certificate of">{facts.certificate.subject}</Fact>
            <Fact term="Issued by">{facts.certificate.issuer}</Fact>
            <Fact term="Valid until">
              {facts.certificate.expiresAt.slice(0, 10)} <CertificateBadge certificate={facts.certificate} />
            </Fact>
          </>
        )}
      </dl>
    </DetailSection>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-muted text-sm">{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
