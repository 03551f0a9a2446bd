import type { ReactNode } from "react";
import { Link } from "@/components/ui/link";
import { RelativeTime } from "@/components/ui/relative-time";
import { RowLink, Table, TBody, Td, THead, Th, Tr } from "@/components/ui/table";
import type { CreatedThings } from "@/lib/members/schema";

/** Things of one sort that belong to a member, each with its fabric. Those in deleted fabrics are only counted. */
export function CreatedThingsSection({
  id,
  title,
  noun,
  folder,
  things: { newest, count, inDeletedFabrics },
  showsUse = false,
}: {
  id: string;
  title: string;
  /** What one thing is called. */
  noun: string;
  /** The part of a thing's address after its fabric's. */
  folder: "secrets" | "connections" | "pipelines";
  things: CreatedThings;
  showsUse?: boolean;
}) {
  if (count + inDeletedFabrics === 0)
    return (
      <Section id={id} title={title}>
        <p className="text-muted">None in this team’s fabrics.</p>
      </Section>
    );
  const more = count - newest.length;
  return (
    <Section id={id} title={title}>
      {newest.length > 0 && (
        <Table label={title}>
          <THead>
            <Th>Name</Th>
            <Th>Fabric</Th>
            {showsUse && <Th width="w-40">Last used</Th>}
            <Th width="w-40">Created</Th>
          </THead>
          <TBody>
            {newest.map((thing) => (
              <Tr key={thing.id}>
                <Td isMain>
                  <RowLink
                    href={`/metadata/fabrics/${thing.fabricId}/${folder}/${thing.id}`}
                    name={thing.name}
                  />
                </Td>
                <Td label="Fabric">
                  <Link
                    href={`/metadata/fabrics/${thing.fabricId}/${folder === "pipelines" ? "advanced" : folder}`}
                    className="rounded-sm hover:text-ink hover:underline"
                  >
                    {thing.fabricName}
                  </Link>
                </Td>
                {showsUse && (
                  <Td label="Last used">
                    {thing.lastUsedAt ? <RelativeTime date={thing.lastUsedAt} /> : "Never"}
                  </Td>
                )}
                <Td label="Created">
                  <RelativeTime date={thing.createdAt} />
                </Td>
              </Tr>
            ))}
          </TBody>
        </Table>
      )}
      {(more > 0 || inDeletedFabrics > 0) && (
        <p className="text-muted text-sm">
          {more > 0 && `These are the newest ${newest.length} of ${count}. `}
          {inDeletedFabrics > 0 &&
            `${inDeletedFabrics} more ${inDeletedFabrics === 1 ? `${noun} is` : `${noun}s are`} in deleted fabrics.`}
        </p>
      )}
    </Section>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section aria-labelledby={id} className="flex flex-col gap-3">
      <h2 id={id} className="font-semibold text-lg">
        {title}
      </h2>
      {children}
    </section>
  );
}
