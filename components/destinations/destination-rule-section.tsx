import { DestinationRuleChoice } from "@/components/destinations/destination-rule-choice";
import { ruleTexts } from "@/components/destinations/rule-texts";
import type { DestinationRule } from "@/lib/internal-api/bodies/destination-rule";

/** The fabric's rule for new destinations. Admins can change it; Users can read it. */
export function DestinationRuleSection({
  fabricId,
  rule,
  isAdmin,
}: {
  fabricId: string;
  rule: DestinationRule;
  isAdmin: boolean;
}) {
  const { label, about } = ruleTexts[rule];
  return (
    <section aria-labelledby="new-destinations" className="flex flex-col gap-4">
      <div>
        <h2 id="new-destinations" className="font-semibold text-lg">
          New destinations
        </h2>
        <p className="max-w-2xl text-pretty text-muted">
          Who may let a check send a secret of this fabric to a new destination.
        </p>
      </div>
      {isAdmin ? (
        <DestinationRuleChoice fabricId={fabricId} rule={rule} />
      ) : (
        <p className="rounded-lg border border-line bg-surface p-3">
          <span className="font-medium">{label}.</span>{" "}
          <span className="text-muted">{about} Admins of the team can change this.</span>
        </p>
      )}
    </section>
  );
}
