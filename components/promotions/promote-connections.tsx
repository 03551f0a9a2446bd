"use client";

import { CircleCheck } from "lucide-react";
import { unstable_rethrow } from "next/navigation";
import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { ChooseConnections } from "@/components/promotions/choose-connections";
import { ChooseSecrets } from "@/components/promotions/choose-secrets";
import { ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { planPromotionAction } from "@/lib/promotions/actions";
import type { Promoted, PromotionPlan } from "@/lib/promotions/schema";

type Props = {
  fabricId: string;
  maxSecretBytes: number;
  fabrics: readonly { id: string; name: string; team: string }[];
  connections: readonly { id: string; name: string; kindName: string }[];
};

/** Takes connections to another fabric: which and where, then the secrets that they use there. */
export function PromoteConnections({ fabricId, maxSecretBytes, fabrics, connections }: Props) {
  const [plan, setPlan] = useState<PromotionPlan | null>(null);
  const [promoted, setPromoted] = useState<Promoted | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function showPlan(toFabricId: string, connectionIds: string[]) {
    setError(null);
    setIsBusy(true);
    const result = await planPromotionAction(fabricId, { toFabricId, connectionIds }).catch(
      (failure: unknown) => {
        unstable_rethrow(failure);
        return null;
      },
    );
    setIsBusy(false);
    if (result?.ok) return setPlan(result.value);
    setError(Object.values(result?.fieldErrors ?? {})[0] ?? (result ? errorText(result.code) : noAnswer));
  }

  if (plan && promoted) return <Done plan={plan} promoted={promoted} />;
  if (!plan)
    return (
      <ChooseConnections
        fabrics={fabrics}
        connections={connections}
        error={error}
        isBusy={isBusy}
        onChoose={showPlan}
      />
    );
  return (
    <ChooseSecrets
      fabricId={fabricId}
      plan={plan}
      maxSecretBytes={maxSecretBytes}
      onBack={() => setPlan(null)}
      onPromoted={setPromoted}
    />
  );
}

const noAnswer = "No answer received. Try again.";

function Done({ plan: { toFabricId, toName }, promoted }: { plan: PromotionPlan; promoted: Promoted }) {
  const { connections, copied } = promoted;
  const home = `/metadata/fabrics/${toFabricId}/connections`;
  const [first] = connections;
  const isOne = connections.length === 1 && first !== undefined;
  return (
    <div role="status">
      <EmptyState
        icon={<CircleCheck />}
        title={
          isOne ? `“${first.name}” is in ${toName}` : `${connections.length} connections are in ${toName}`
        }
        action={
          <ButtonLink variant="primary" href={isOne ? `${home}/${first.id}` : home}>
            {isOne ? "Open the connection" : `Show connections of ${toName}`}
          </ButtonLink>
        }
      >
        {copied > 0 && `${copied === 1 ? "One value was" : `${copied} values were`} copied. `}
        No secret goes anywhere yet. Adjust the settings to {toName}, then check: the first check shows the
        destinations and asks.
      </EmptyState>
    </div>
  );
}
