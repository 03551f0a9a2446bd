"use client";

import { ruleTexts } from "@/components/destinations/rule-texts";
import { useSavedChoice } from "@/components/reauthenticate/use-saved-choice";
import { cx } from "@/components/ui/class-names";
import { setDestinationRuleAction } from "@/lib/destinations/actions";
import { type DestinationRule, destinationRules } from "@/lib/internal-api/bodies/destination-rule";

/** Saves on change. Requires a recent sign-in. Reverts the control if saving fails. */
export function DestinationRuleChoice({ fabricId, rule }: { fabricId: string; rule: DestinationRule }) {
  const { shown, choose, isPending, dialog } = useSavedChoice(rule, {
    save: (next: DestinationRule) => setDestinationRuleAction(fabricId, { rule: next }),
    done: (next) => `New destinations: ${ruleTexts[next].label}`,
    failed: "The rule was not changed",
  });

  return (
    <fieldset className="min-w-0" aria-busy={isPending}>
      <legend className="sr-only">Who may send a secret to a new destination</legend>
      <div className="grid gap-2 lg:grid-cols-3">
        {destinationRules.map((one) => (
          <label
            key={one}
            className={cx(
              "relative flex cursor-pointer items-start gap-3 rounded-lg border p-3 transition-colors",
              "has-focus-visible:outline-2 has-focus-visible:outline-ring has-focus-visible:outline-offset-2",
              shown === one ? "border-accent bg-accent-soft" : "border-line-strong bg-surface hover:bg-hover",
            )}
          >
            <input
              type="radio"
              name="destination-rule"
              value={one}
              checked={shown === one}
              onChange={() => void choose(one)}
              aria-labelledby={`rule-${one}`}
              aria-describedby={`rule-${one}-about`}
              className="mt-1 size-4 shrink-0 accent-accent"
            />
            <span className="min-w-0">
              <span id={`rule-${one}`} className="block font-medium">
                {ruleTexts[one].label}
              </span>
              <span id={`rule-${one}-about`} className="block text-muted text-sm">
                {ruleTexts[one].about}
              </span>
            </span>
          </label>
        ))}
      </div>
      {dialog}
    </fieldset>
  );
}
