import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretDetail } from "@/lib/secrets/schema";

const newestShown = 5;

export function SecretVersions({ secret }: { secret: SecretDetail }) {
  const older = secret.versions.slice(newestShown);
  // Automate deletes former versions that the fabric does not keep.
  const isComplete = secret.versions.length === secret.version;
  return (
    <DetailSection id="versions" title="Versions">
      <Versions versions={secret.versions.slice(0, newestShown)} current={secret.version} />
      {older.length > 0 && (
        <details className="mt-5">
          <summary className="rounded-sm text-accent-text">Show {older.length} older</summary>
          <div className="pt-5">
            <Versions versions={older} current={secret.version} />
          </div>
        </details>
      )}
      {!isComplete && <p className="mt-3 text-muted text-sm">Activity lists the other versions.</p>}
    </DetailSection>
  );
}

function Versions({ versions, current }: { versions: SecretDetail["versions"]; current: number }) {
  return (
    <DetailList>
      {versions.map(({ version, createdAt, createdByName }) => (
        <DetailItem key={version}>
          <span className="flex items-center gap-2 font-medium">
            Version {version}
            {version === current && <Badge tone="accent">Current</Badge>}
          </span>
          <span className="w-full text-muted text-sm">
            <RelativeTime date={createdAt} /> by {createdByName}
          </span>
        </DetailItem>
      ))}
    </DetailList>
  );
}
