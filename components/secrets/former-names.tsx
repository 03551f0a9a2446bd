import { DetailItem, DetailList, DetailSection } from "@/components/secrets/detail-section";
import { DropNameButton } from "@/components/secrets/drop-name-button";
import { RelativeTime } from "@/components/ui/relative-time";
import { longestHistory, type SecretDetail } from "@/lib/secrets/schema";

export function FormerNames({
  fabricId,
  secret,
  isAdmin,
}: {
  fabricId: string;
  secret: SecretDetail;
  isAdmin: boolean;
}) {
  if (secret.formerNames.length === 0) return null;
  return (
    <DetailSection id="former-names" title="Former names">
      <p className="mb-3 text-muted">
        Pipelines can still read the secret by these names, and no other secret can use them.
        {!isAdmin && " Admins of the team can remove a name that is no longer read."}
      </p>
      <div className="-mx-4 border-line border-t px-4 pt-3">
        <DetailList>
          {secret.formerNames.map(({ name, retiredAt }) => (
            <DetailItem key={name}>
              <span>
                <span className="font-medium">{name}</span>
                <span className="block text-muted text-sm">
                  until <RelativeTime date={retiredAt} />
                </span>
              </span>
              {isAdmin && <DropNameButton fabricId={fabricId} secretId={secret.id} name={name} />}
            </DetailItem>
          ))}
        </DetailList>
        {secret.formerNames.length === longestHistory && (
          <p className="mt-3 text-muted">These are the newest {longestHistory}. Activity has all of them.</p>
        )}
      </div>
    </DetailSection>
  );
}
