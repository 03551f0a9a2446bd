import { ConfirmedActButton } from "@/components/reauthenticate/confirmed-act-button";
import { Badge } from "@/components/ui/badge";
import { Breakable } from "@/components/ui/breakable";
import type { ConfirmedConnection } from "@/lib/internal-api/bodies/pipeline-token";
import type { ConnectionChange } from "@/lib/pipeline-tokens/schema";
import type { Result } from "@/lib/result";

const texts = {
  automate_unavailable: "Automate is not available. Nothing was confirmed.",
  refused: "This changed after the page was loaded, so nothing was confirmed. Reload the page.",
};

/**
 * For a token or an issuer: the secrets that its connections newly reference. Pipelines do not receive them
 * until an Admin confirms them.
 */
export function ConnectionChanges({ changes }: { changes: readonly ConnectionChange[] }) {
  if (changes.length === 0) return null;
  return (
    <div className="mt-1.5 flex flex-col items-start gap-1">
      <Badge tone="warning">Waiting for an Admin</Badge>
      <ChangeList changes={changes} />
    </div>
  );
}

/** Confirms exactly these changes, and no later ones. */
export function ConfirmChangesButton({
  name,
  changes,
  confirm,
}: {
  name: string;
  changes: readonly ConnectionChange[];
  confirm: (connections: ConfirmedConnection[]) => Promise<Result<unknown, string>>;
}) {
  if (changes.length === 0) return null;
  return (
    <ConfirmedActButton
      verb="Confirm"
      name={name}
      title={`Confirm “${name}”?`}
      tone="primary"
      act={() => confirm(changes.map(({ connectionId, secretIds }) => ({ connectionId, secretIds })))}
      done={{ title: "Confirmed", description: name }}
      texts={texts}
    >
      <ChangeList changes={changes} />
      <p className="mt-2">
        Pipelines that use “{name}” can then read{" "}
        {changes.length === 1 ? "this connection" : "these connections"} with these secrets.
      </p>
    </ConfirmedActButton>
  );
}

function ChangeList({ changes }: { changes: readonly ConnectionChange[] }) {
  return (
    <ul className="flex flex-col gap-0.5">
      {changes.map((change) => (
        <li key={change.connectionId} className="wrap-anywhere">
          <Breakable text={sentenceOf(change)} />
        </li>
      ))}
    </ul>
  );
}

function sentenceOf({ connection, added, removed }: ConnectionChange): string {
  const names = (list: readonly string[]) => list.join(", ");
  return removed.length === 0
    ? `${connection} now also uses ${names(added)}.`
    : `${connection} now uses ${names(added)} instead of ${names(removed)}.`;
}
