"use client";

import { useId } from "react";
import { useSavedChoice } from "@/components/reauthenticate/use-saved-choice";
import { Select } from "@/components/ui/select";
import { setFormerVersionsAction } from "@/lib/fabrics/actions";
import {
  type FormerVersions as Count,
  formerVersionChoices,
  formerVersions,
} from "@/lib/internal-api/bodies/former-versions";

const about =
  "Pipelines may request this many former versions of a secret. Automate deletes the values of older ones a day later.";

/** The number of former versions that pipelines may still read. Admins can change it; Users can read it. */
export function FormerVersions({
  fabricId,
  count,
  isAdmin,
}: {
  fabricId: string;
  count: Count;
  isAdmin: boolean;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="flex flex-col gap-4">
      <div>
        <h2 id={id} className="font-semibold text-lg">
          Former versions
        </h2>
        <p className="max-w-2xl text-pretty text-muted">{about}</p>
      </div>
      {isAdmin ? (
        <FormerVersionsChoice fabricId={fabricId} count={count} labelId={id} />
      ) : (
        <p className="rounded-lg border border-line bg-surface p-3">
          <span className="font-medium">{textOf(count)}.</span>{" "}
          <span className="text-muted">Admins of the team can change this.</span>
        </p>
      )}
    </section>
  );
}

/** Saves on change. Requires a recent sign-in. Reverts the control if saving fails. */
function FormerVersionsChoice({
  fabricId,
  count,
  labelId,
}: {
  fabricId: string;
  count: Count;
  labelId: string;
}) {
  const { shown, choose, isPending, dialog } = useSavedChoice(count, {
    save: (next: Count) => setFormerVersionsAction(fabricId, { formerVersions: next }),
    done: (next) => `Former versions: ${textOf(next)}`,
    failed: "The setting was not changed",
  });

  return (
    <>
      <Select
        className="max-w-72"
        aria-labelledby={labelId}
        aria-busy={isPending}
        value={String(shown)}
        onChange={(event) => void choose(formerVersions.parse(Number(event.currentTarget.value)))}
        options={formerVersionChoices.map((one) => ({ value: String(one), label: textOf(one) }))}
      />
      {dialog}
    </>
  );
}

function textOf(count: Count): string {
  if (count === 0) return "None, only the current version";
  return count === 1 ? "The former version" : `The last ${count} former versions`;
}
