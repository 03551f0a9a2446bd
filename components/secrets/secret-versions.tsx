import type { ReactNode } from "react";
import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import type { SecretDetail } from "@/lib/secrets/schema";

const newestShown = 5;

/**
 * The history of a secret's value. `undo` is the control that undoes the current version, while that is possible. It
 * stands with that version.
 */
export function SecretVersions({ secret, undo }: { secret: SecretDetail; undo?: ReactNode }) {
  const older = secret.versions.slice(newestShown);
  // Automate deletes former versions that the fabric does not keep.
  const isComplete = secret.versions.length === secret.version;
  return (
    <DetailSection id="versions" title="Versions">
      <Versions versions={secret.versions.slice(0, newestShown)} current={secret.version} undo={undo} />
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

function Versions({
  versions,
  current,
  undo,
}: {
  versions: SecretDetail["versions"];
  current: number;
  undo?: ReactNode;
}) {
  return (
    <DetailList>
      {versions.map(({ version, createdAt, createdByName, madeCurrent }) => (
        <DetailItem key={version}>
          <span className="flex items-center gap-2 font-medium">
            Version {version}
            {version === current && <Badge tone="accent">Current</Badge>}
          </span>
          <span className="w-full text-muted text-sm">
            <RelativeTime date={createdAt} />
            {madeCurrent === null
              ? ` by ${createdByName}`
              : madeCurrent.from === null
                ? `, promoted by ${madeCurrent.byName}, entered by ${createdByName}`
                : `, brought back from version ${madeCurrent.from} by ${madeCurrent.byName}`}
          </span>
          {version === current && undo && <div className="mt-1 w-full">{undo}</div>}
        </DetailItem>
      ))}
    </DetailList>
  );
}
