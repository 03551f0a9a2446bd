"use client";

import { useQueryClient } from "@tanstack/react-query";
import { unstable_rethrow } from "next/navigation";
import { type FormEvent, useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { newKey } from "@/components/form/use-action-form";
import { PlannedConnectionList } from "@/components/promotions/planned-connection-list";
import { PlannedSecretRow } from "@/components/promotions/planned-secret-row";
import { chosenUse, type Draft, initialDraft } from "@/components/promotions/secret-draft";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { AddSecretDialog } from "@/components/secrets/add-secret-dialog";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { promoteAction } from "@/lib/promotions/actions";
import type { PlannedSecret, Promoted, PromotionPlan } from "@/lib/promotions/schema";

/** The second step: names there, and for each secret what the connections use there. */
export function ChooseSecrets({
  fabricId,
  plan,
  maxSecretBytes,
  onBack,
  onPromoted,
}: {
  fabricId: string;
  plan: PromotionPlan;
  maxSecretBytes: number;
  onBack: () => void;
  onPromoted: (promoted: Promoted) => void;
}) {
  const { toFabricId, toName, connections, secrets, mayCopy } = plan;
  const [names, setNames] = useState<Readonly<Record<string, string>>>({});
  const [drafts, setDrafts] = useState<Readonly<Record<string, Draft>>>({});
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [adding, setAdding] = useState<PlannedSecret | null>(null);
  const reauthenticate = useReauthenticate();
  const queries = useQueryClient();
  const draftOf = (secret: PlannedSecret) => drafts[secret.id] ?? initialDraft(secret);
  const change = (secret: PlannedSecret, draft: Partial<Draft>) =>
    setDrafts((all) => ({ ...all, [secret.id]: { ...draftOf(secret), ...draft } }));
  const copies = secrets.filter((secret) => draftOf(secret).way === "copy").length;

  async function promote(event: FormEvent) {
    event.preventDefault();
    const uses = secrets.map((secret) => chosenUse(secret, draftOf(secret)));
    const missing = secrets.filter((_, at) => uses[at] === null);
    setProblems(Object.fromEntries(missing.map(({ id }) => [id, "Choose a secret to use there."])));
    if (missing.length > 0) return setError("Choose what to use for each secret.");
    setError(null);
    setIsBusy(true);
    const input = {
      fromFabricId: fabricId,
      connections: connections.map(({ id, name }) => ({ id, name: names[id] ?? name })),
      secrets: uses.filter((use) => use !== null),
    };
    const result = await reauthenticate
      .protect(promoteAction)(toFabricId, input, newKey())
      .catch((failure: unknown) => {
        unstable_rethrow(failure);
        return null;
      });
    setIsBusy(false);
    if (result?.ok) return onPromoted(result.value);
    if (result?.code === "reauthenticate") return;
    const { fieldErrors = {} } = result ?? {};
    const ofSecrets = Object.entries(fieldErrors).flatMap(([key, text]) =>
      key.startsWith("secrets.") ? [[key.slice("secrets.".length), text] as const] : [],
    );
    setProblems(Object.fromEntries(ofSecrets));
    setError(Object.values(fieldErrors)[0] ?? errorText(result?.code ?? "outcome_unknown", texts));
  }

  return (
    <>
      <form onSubmit={promote} aria-busy={isBusy || undefined} className="flex flex-col gap-6">
        <PlannedConnectionList
          toName={toName}
          connections={connections}
          names={names}
          onName={(id, name) => setNames({ ...names, [id]: name })}
        />
        {secrets.length > 0 && (
          <section aria-labelledby="secrets-there" className="flex flex-col gap-3">
            <h3 id="secrets-there" className="font-semibold text-lg">
              Secrets in {toName}
            </h3>
            <ul className="flex flex-col gap-3">
              {secrets.map((secret) => (
                <PlannedSecretRow
                  key={secret.id}
                  secret={secret}
                  draft={draftOf(secret)}
                  plan={{ toFabricId, toName, mayCopy }}
                  problem={problems[secret.id] ?? null}
                  onChange={(draft) => change(secret, draft)}
                  onNewSecret={() => setAdding(secret)}
                />
              ))}
            </ul>
          </section>
        )}
        {error && (
          <Banner tone="danger" isLive>
            {error}
          </Banner>
        )}
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" variant="primary" isPending={isBusy}>
            Promote {connections.length === 1 ? "the connection" : `${connections.length} connections`}
          </Button>
          <Button onClick={onBack}>Back</Button>
          <p className="min-w-0 basis-60 text-muted text-sm">
            {copies > 0
              ? "Copied values are resealed by Automate and stay hidden. A copy is sent nowhere until an Admin allows a destination."
              : "All are stored together, or none. Nothing is sent to a server that is not allowed for its secret."}
          </p>
        </div>
      </form>
      <AddSecretDialog
        fabricId={toFabricId}
        isOpen={adding !== null}
        onClose={() => setAdding(null)}
        maxSecretBytes={maxSecretBytes}
        title={`Add Secret in ${toName}`}
        {...(adding ? { allowedSubKinds: adding.subKinds, name: adding.isNameTaken ? "" : adding.name } : {})}
        onCreated={({ id }) => {
          if (adding) change(adding, { way: "existing", useId: id });
          void queries.invalidateQueries({ queryKey: ["secret-options", toFabricId] });
        }}
      />
      {reauthenticate.dialog}
    </>
  );
}

const texts = {
  automate_unavailable:
    "Automate is not available, so no value was copied. Nothing was promoted. Try again in a moment.",
  key_service_unavailable:
    "The key service is not available, so no value was copied. Nothing was promoted. Try again in a moment.",
  refused: "Automate refused to copy: you need to be an Admin of both fabrics. Nothing was promoted.",
  outcome_unknown:
    "It is not known whether they were promoted. Look at the connections of the other fabric before you try again.",
};
