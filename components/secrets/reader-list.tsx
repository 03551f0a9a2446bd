import { RelativeTime } from "@/components/ui/relative-time";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

type Reader = ReplaceableSecret["readers"][number];

/** The pipelines that read a secret, for a dialog. `name` is the secret's current name. */
export function ReaderList({ name, readers }: { name: string; readers: readonly Reader[] }) {
  return (
    <ul className="mt-1 list-disc pl-5 [overflow-wrap:anywhere]">
      {readers.map((reader) => (
        <li key={readerKey(reader)}>
          <span className="font-medium text-ink">{reader.pipeline}</span>
          {wayOf(reader, name)}, last <RelativeTime date={reader.lastReadAt} />, version {reader.version}
        </li>
      ))}
    </ul>
  );
}

/** Identifies a reader within a list. Several tokens may have one name. */
export function readerKey({ pipeline, connection, name, lastReadAt }: Reader): string {
  return JSON.stringify([pipeline, connection, name, lastReadAt]);
}

/** How a pipeline reads a secret, unless it does so by the secret's current name. */
export function wayOf(reader: Pick<Reader, "connection" | "name">, currentName: string): string {
  if (reader.connection !== null) return ` through connection “${reader.connection}”`;
  return reader.name?.toLowerCase() === currentName.toLowerCase() ? "" : ` as “${reader.name}”`;
}
