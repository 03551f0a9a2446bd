import { KindTile } from "@/components/connections/kind-tile";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { PlannedConnection } from "@/lib/promotions/schema";

/** The connections to promote, with their names there and the servers that their settings name. */
export function PlannedConnectionList({
  toName,
  connections,
  names,
  onName,
}: {
  toName: string;
  connections: readonly PlannedConnection[];
  names: Readonly<Record<string, string>>;
  onName: (id: string, name: string) => void;
}) {
  return (
    <section aria-labelledby="connections-there" className="flex flex-col gap-3">
      <h3 id="connections-there" className="font-semibold text-lg">
        Connections in {toName}
      </h3>
      <ul className="flex flex-col gap-3">
        {connections.map(({ id, name, kind, hosts, nameProblem }) => {
          const isChanged = names[id] !== undefined && names[id] !== name;
          return (
            <li key={id} className="flex items-start gap-3 rounded-lg border border-line bg-surface p-4">
              <KindTile kind={kind} />
              <div className="flex min-w-0 flex-1 flex-col gap-2">
                <Field
                  label="Name"
                  isRequired
                  error={nameProblem !== null && !isChanged ? nameProblem : undefined}
                  hint={
                    hosts.length > 0 ? `Points to ${hosts.join(", ")}. You can change that there.` : undefined
                  }
                >
                  <Input
                    value={names[id] ?? name}
                    maxLength={128}
                    onChange={({ target }) => onName(id, target.value)}
                  />
                </Field>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
