import { ReaderList } from "@/components/secrets/reader-list";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

/** Lists the connections and pipelines that get a secret's new value. Renders nothing for an unused secret. */
export function ValueUsers({
  secret: { name, connections, readers, usedBy },
}: {
  secret: Pick<ReplaceableSecret, "name" | "connections" | "readers" | "usedBy">;
}) {
  if (connections.length + readers.length === 0) return null;
  return (
    <div className="rounded-lg border border-line bg-sunken px-4 py-3 text-muted [overflow-wrap:anywhere]">
      {connections.length > 0 && (
        <>
          <p className="text-ink">These connections use the new value:</p>
          <ul className="mt-1 list-disc pl-5">
            {connections.map((connection) => (
              <li key={connection.id} className="font-medium text-ink">
                {connection.name}
              </li>
            ))}
            {usedBy > connections.length && <li>and {usedBy - connections.length} more</li>}
          </ul>
        </>
      )}
      {readers.length > 0 && (
        <div className={connections.length > 0 ? "mt-3" : ""}>
          <p className="text-ink">These pipelines get it at their next read:</p>
          <ReaderList name={name} readers={readers} />
        </div>
      )}
    </div>
  );
}
