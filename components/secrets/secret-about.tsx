import type { ReactNode } from "react";
import { DetailSection } from "@/components/secrets/detail-section";
import { formatBytes } from "@/components/ui/format-bytes";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretAbout({ secret }: { secret: SecretDetail }) {
  const { metadata } = secret;
  return (
    <DetailSection id="about" title="About">
      <dl className="flex flex-col gap-3 [overflow-wrap:anywhere]">
        <Detail term="Created">
          <RelativeTime date={secret.createdAt} /> by {secret.createdByName}
        </Detail>
        <Detail term="Updated">
          <RelativeTime date={secret.updatedAt} /> by {secret.updatedByName}
        </Detail>
        {metadata.fileName && <Detail term="File">{metadata.fileName}</Detail>}
        {metadata.sizeBytes !== undefined && <Detail term="Size">{formatBytes(metadata.sizeBytes)}</Detail>}
        {metadata.authHost && <Detail term="Auth URL host">{metadata.authHost}</Detail>}
        {metadata.certificate && (
          <>
            <Detail term="Certificate of">{metadata.certificate.subject}</Detail>
            <Detail term="Issued by">{metadata.certificate.issuer}</Detail>
            <Detail term="Valid until">
              {metadata.certificate.expiresAt.slice(0, 10)},{" "}
              <RelativeTime date={metadata.certificate.expiresAt} />
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
