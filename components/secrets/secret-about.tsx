import type { ReactNode } from "react";
import { EditExpiryButton } from "@/components/expiry/edit-expiry-button";
import { EditOwnerButton } from "@/components/expiry/edit-owner-button";
import { ExpiryDate } from "@/components/expiry/expiry-date";
import { DetailSection } from "@/components/secrets/detail-section";
import { formatBytes } from "@/components/ui/format-bytes";
import { RelativeTime } from "@/components/ui/relative-time";
import type { Owner } from "@/lib/expiry/schema";
import type { SecretDetail } from "@/lib/secrets/schema";

export function SecretAbout({
  fabricId,
  secret,
  owners,
}: {
  fabricId: string;
  secret: SecretDetail;
  owners: readonly Owner[];
}) {
  const { metadata, expiry, owner } = secret;
  return (
    <DetailSection id="about" title="About">
      <dl className="flex flex-col gap-3 [overflow-wrap:anywhere]">
        <Detail term="Expires">
          <Action button={<EditExpiryButton fabricId={fabricId} secret={secret} />}>
            {expiry ? <ExpiryDate expiry={expiry} withSource /> : "Never"}
          </Action>
        </Detail>
        <Detail term="Owner">
          <Action button={<EditOwnerButton fabricId={fabricId} secret={secret} owners={owners} />}>
            {owner ? <span title={owner.email}>{owner.name}</span> : "Admins of the team"}
          </Action>
        </Detail>
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
          </>
        )}
      </dl>
    </DetailSection>
  );
}

function Action({ button, children }: { button: ReactNode; children: ReactNode }) {
  return (
    <span className="flex flex-wrap items-center justify-between gap-2">
      <span className="min-w-0">{children}</span>
      {button}
    </span>
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
