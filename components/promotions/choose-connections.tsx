"use client";

import { ArrowRight } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { SearchInput } from "@/components/ui/search-input";
import { Select } from "@/components/ui/select";
import { maxPromoted } from "@/lib/promotions/schema";

/** The first step: which connections, and to which fabric. */
export function ChooseConnections({
  fabrics,
  connections,
  error,
  isBusy,
  onChoose,
}: {
  fabrics: readonly { id: string; name: string; team: string }[];
  connections: readonly { id: string; name: string; kindName: string }[];
  error: string | null;
  isBusy: boolean;
  onChoose: (toFabricId: string, connectionIds: string[]) => void;
}) {
  const [toFabricId, setToFabricId] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [search, setSearch] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const shown = connections.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));

  function submit(event: FormEvent) {
    event.preventDefault();
    if (toFabricId === "") return setProblem("Choose a fabric.");
    if (chosen.length === 0) return setProblem("Choose at least one connection.");
    setProblem(null);
    onChoose(toFabricId, [...chosen]);
  }

  if (fabrics.length === 0)
    return <Banner tone="info">Your teams have no other fabric. An Admin can create one in Metadata.</Banner>;
  if (connections.length === 0) return <Banner tone="info">This fabric has no connections yet.</Banner>;
  const toggle = (id: string, isChosen: boolean) =>
    setChosen(isChosen ? [...chosen, id] : chosen.filter((one) => one !== id));

  return (
    <form onSubmit={submit} aria-busy={isBusy || undefined} className="flex max-w-3xl flex-col gap-5">
      <Field label="To fabric" isRequired>
        <Select
          placeholder="Choose a fabric"
          options={fabrics.map(({ id, name, team }) => ({ value: id, label: `${name} (${team})` }))}
          value={toFabricId}
          onChange={({ target }) => setToFabricId(target.value)}
        />
      </Field>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1.5 font-medium">Connections</legend>
        {connections.length > 10 && (
          <SearchInput
            label="Search connections"
            placeholder="Search by name"
            value={search}
            onValueChange={setSearch}
          />
        )}
        <div className="flex max-h-96 flex-col gap-2 overflow-y-auto rounded-lg border border-line bg-surface p-3.5">
          {shown.map(({ id, name, kindName }) => (
            <Checkbox
              key={id}
              label={name}
              hint={kindName}
              checked={chosen.includes(id)}
              disabled={!chosen.includes(id) && chosen.length >= maxPromoted}
              onChange={({ target }) => toggle(id, target.checked)}
            />
          ))}
          {shown.length === 0 && <p className="text-muted">No connection has “{search}” in its name.</p>}
        </div>
      </fieldset>
      {(problem ?? error) && (
        <Banner tone="danger" isLive>
          {problem ?? error}
        </Banner>
      )}
      <Button
        type="submit"
        variant="primary"
        isPending={isBusy}
        icon={<ArrowRight aria-hidden />}
        className="self-start"
      >
        Continue
      </Button>
    </form>
  );
}
