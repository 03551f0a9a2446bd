"use client";

import { useId } from "react";
import { SecretPicker } from "@/components/connections/secret-picker";
import type { Draft } from "@/components/promotions/secret-draft";
import { SecretKindIcon } from "@/components/secrets/secret-kind-icon";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { PlannedSecret, PromotionPlan } from "@/lib/promotions/schema";
import { secretKinds } from "@/lib/secrets/kinds/registry";

/** What the promoted connections use for one secret: a secret that is there, a new one, or a copy. */
export function PlannedSecretRow({
  secret,
  draft,
  plan: { toFabricId, toName, mayCopy },
  problem,
  onChange,
  onNewSecret,
}: {
  secret: PlannedSecret;
  draft: Draft;
  plan: Pick<PromotionPlan, "toFabricId" | "toName" | "mayCopy">;
  problem: string | null;
  onChange: (draft: Partial<Draft>) => void;
  onNewSecret: () => void;
}) {
  const id = useId();
  const { name, subKind, subKinds, usedBy, there, isRotated } = secret;
  const copyHint = isRotated
    ? "Selvage rotates this password, so a copy stops working after one of its next rotations."
    : "Both fabrics then have the same value.";
  return (
    <li className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4">
      <div>
        <h4 className="flex items-center gap-2 font-medium">
          <SecretKindIcon subKind={subKind} className="size-4 shrink-0 text-muted" />
          <span className="wrap-anywhere">{name}</span>
        </h4>
        <p className="text-muted text-sm">
          {secretKinds[subKind].label}, used by {usedBy.join(", ")}
        </p>
      </div>
      <fieldset className="flex flex-col gap-3">
        <legend className="sr-only">What to use for {name}</legend>
        <Way
          id={`${id}-existing`}
          group={id}
          label={`Use a secret of ${toName}`}
          hint={there ? "The one with the same name is chosen." : "Choose one, or enter a new value there."}
          isChosen={draft.way === "existing"}
          onChoose={() => onChange({ way: "existing" })}
        />
        {draft.way === "existing" && (
          <div className="sm:pl-7">
            <Field label="Secret" isRequired error={problem ?? undefined}>
              <SecretPicker
                fabricId={toFabricId}
                fabricName={toName}
                title={`Secret for ${name}`}
                subKinds={subKinds}
                value={draft.useId}
                onChange={(chosen) => onChange({ useId: chosen?.id ?? "" })}
                onNewSecret={onNewSecret}
              />
            </Field>
          </div>
        )}
        <Way
          id={`${id}-copy`}
          group={id}
          label="Copy the value"
          hint={
            mayCopy
              ? `${copyHint} In ${toName}, an Admin must allow it before it is sent to any server.`
              : "Only an Admin of both fabrics may copy a value."
          }
          isChosen={draft.way === "copy"}
          isOff={!mayCopy}
          onChoose={() => onChange({ way: "copy" })}
        />
        {draft.way === "copy" && (
          <div className="sm:pl-7">
            <Field label={`Name in ${toName}`} isRequired error={problem ?? undefined}>
              <Input
                value={draft.copyName}
                maxLength={128}
                onChange={({ target }) => onChange({ copyName: target.value })}
              />
            </Field>
          </div>
        )}
      </fieldset>
    </li>
  );
}

function Way({
  id,
  group,
  label,
  hint,
  isChosen,
  isOff = false,
  onChoose,
}: {
  id: string;
  group: string;
  label: string;
  hint: string;
  isChosen: boolean;
  isOff?: boolean;
  onChoose: () => void;
}) {
  return (
    <div className="flex items-start gap-2.5">
      <input
        id={id}
        type="radio"
        name={group}
        checked={isChosen}
        disabled={isOff}
        onChange={onChoose}
        aria-describedby={`${id}-hint`}
        className="mt-0.5 size-4.5 shrink-0 accent-accent"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="block min-h-6 font-medium">
          {label}
        </label>
        <p id={`${id}-hint`} className="text-muted text-sm">
          {hint}
        </p>
      </div>
    </div>
  );
}
