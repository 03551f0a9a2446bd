"use client";

import { useId } from "react";
import { useSavedChoice } from "@/components/reauthenticate/use-saved-choice";
import { Select } from "@/components/ui/select";
import { chooseMasterKeyAction } from "@/lib/master-keys/actions";
import type { MasterKeyChoice } from "@/lib/master-keys/schema";

/** The value of the primary in the control: a fingerprint is never empty. */
const primary = "";

/** Which master key protects the fabric: the installation's, or one of the team's own. For Admins. */
export function MasterKeySection({ fabricId, choice }: { fabricId: string; choice: MasterKeyChoice }) {
  const id = useId();
  const { shown, choose, isPending, dialog } = useSavedChoice(choice.chosen ?? primary, {
    save: (next: string) => chooseMasterKeyAction(fabricId, { fingerprint: next === primary ? null : next }),
    done: (next) => `Master key: ${labelOf(choice, next)}`,
    failed: "The master key was not changed",
    texts: {
      refused:
        "A rotation of this fabric’s key has not ended yet, or Automate no longer has this master key. Reload the page to see.",
    },
  });
  return (
    <section aria-labelledby={id} className="flex flex-col gap-4">
      <div>
        <h2 id={id} className="font-semibold text-lg">
          Master key
        </h2>
        <p className="max-w-2xl text-pretty text-muted">
          The master key protects the keys of this fabric. Without it, no secret of the fabric can be read.
          Choosing another one rotates the key of the fabric.
        </p>
      </div>
      <Select
        className="max-w-96"
        aria-labelledby={id}
        aria-busy={isPending}
        value={shown}
        onChange={(event) => void choose(event.currentTarget.value)}
        options={optionsOf(choice)}
      />
      {dialog}
    </section>
  );
}

function optionsOf({ chosen, options }: MasterKeyChoice): { value: string; label: string }[] {
  const own = options.map(({ fingerprint, label, state }) => ({
    value: fingerprint,
    label: state === "enabled" ? label : `${label} (${state})`,
  }));
  const isGone = chosen !== null && !options.some(({ fingerprint }) => fingerprint === chosen);
  return [
    { value: primary, label: primaryLabel },
    ...own,
    ...(isGone ? [{ value: chosen, label: `${chosen} (missing)` }] : []),
  ];
}

const primaryLabel = "The master key of this installation";

function labelOf({ options }: MasterKeyChoice, value: string): string {
  if (value === primary) return primaryLabel;
  return options.find(({ fingerprint }) => fingerprint === value)?.label ?? value;
}
