"use client";

import { unstable_rethrow } from "next/navigation";
import { type FormEvent, useState } from "react";
import { ComparisonResult } from "@/components/comparisons/comparison-result";
import { errorText } from "@/components/form/error-texts";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { SecretTextarea } from "@/components/ui/secret-textarea";
import { Select } from "@/components/ui/select";
import { compareFabricsAction } from "@/lib/comparisons/actions";
import { type Comparison, type ComparisonInput, maxOthers } from "@/lib/comparisons/schema";

type Other = { id: string; name: string; team: string };

/** Asks which names to look for and where, and shows which fabrics lack some. */
export function CompareFabrics({
  fabricId,
  others,
  pipelines,
  kindNames,
}: {
  fabricId: string;
  others: readonly Other[];
  pipelines: readonly string[];
  /** The name of each kind of connection. */
  kindNames: Readonly<Record<string, string>>;
}) {
  const [source, setSource] = useState("all");
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const isList = source === "names";
  const options = [
    { value: "all", label: "All names of this fabric" },
    ...pipelines.map((name) => ({ value: `pipeline ${name}`, label: `What “${name}” reads` })),
    { value: "names", label: "A list of names" },
  ];

  async function compare(event: FormEvent) {
    event.preventDefault();
    setError(null);
    if (chosen.length === 0 && !isList) return setError("Choose at least one fabric to compare with.");
    setIsBusy(true);
    try {
      const names = isList ? { names: await listed(text) } : {};
      const pipeline = source.startsWith("pipeline ") ? { pipeline: source.slice("pipeline ".length) } : {};
      const input: ComparisonInput = { with: [...chosen], ...names, ...pipeline };
      const result = await compareFabricsAction(fabricId, input);
      if (result.ok) setComparison(result.value);
      else setError(Object.values(result.fieldErrors ?? {})[0] ?? errorText(result.code));
    } catch (failure) {
      unstable_rethrow(failure);
      setError(failure instanceof Error && failure.name === "UnreadableFile" ? failure.message : noAnswer);
    } finally {
      setIsBusy(false);
    }
  }

  const toggle = (id: string, isChosen: boolean) =>
    setChosen(isChosen ? [...chosen, id] : chosen.filter((one) => one !== id));

  return (
    <div className="flex flex-col gap-6">
      <form onSubmit={compare} aria-busy={isBusy || undefined} className="flex max-w-3xl flex-col gap-5">
        <Field label="Names" isRequired>
          <Select options={options} value={source} onChange={({ target }) => setSource(target.value)} />
        </Field>
        {isList && (
          <Field
            label="List"
            isRequired
            hint="One name a line, or the text of a .env, JSON, CSV or YAML file. Your browser sends its names, and no value."
          >
            <SecretTextarea rows={5} value={text} onChange={({ target }) => setText(target.value)} />
          </Field>
        )}
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1.5 font-medium">
            {isList ? "Look in this fabric and in" : "Compare with"}
          </legend>
          {others.length === 0 ? (
            <p className="text-muted">Your teams have no other fabric.</p>
          ) : (
            <div className="flex max-h-72 flex-col gap-2 overflow-y-auto rounded-lg border border-line bg-surface p-3.5">
              {others.map(({ id, name, team }) => (
                <Checkbox
                  key={id}
                  label={name}
                  hint={team}
                  checked={chosen.includes(id)}
                  disabled={!chosen.includes(id) && chosen.length >= maxOthers}
                  onChange={({ target }) => toggle(id, target.checked)}
                />
              ))}
            </div>
          )}
        </fieldset>
        {error && (
          <Banner tone="danger" isLive>
            {error}
          </Banner>
        )}
        <Button type="submit" variant="primary" isPending={isBusy} className="self-start">
          Compare
        </Button>
      </form>
      {comparison && <ComparisonResult fabricId={fabricId} comparison={comparison} kindNames={kindNames} />}
    </div>
  );
}

/** The readers of files are loaded when a list was entered. */
async function listed(text: string): Promise<string[]> {
  const { namesIn } = await import("@/lib/imports/formats/read-file");
  return namesIn(text);
}

const noAnswer = "No answer received. Try again.";
