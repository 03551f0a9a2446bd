import { Banner } from "@/components/ui/banner";
import { RelativeTime } from "@/components/ui/relative-time";

/** The pipelines that recently read the secret by name. A rename breaks none of them. */
export function RecentReaders({
  name,
  readers,
}: {
  name: string;
  readers: { name: string; lastReadAt: Date }[];
}) {
  return (
    <Banner tone="info" title={`Pipelines can still read the secret as “${name}”`}>
      <p>Connections keep using the secret automatically.</p>
      {readers.length === 0 ? (
        <p className="mt-2">No pipeline has read it by this name in the last 30 days.</p>
      ) : (
        <>
          <p className="mt-2">These pipelines have read it by this name in the last 30 days:</p>
          <ul className="mt-1 list-disc pl-5 [overflow-wrap:anywhere]">
            {readers.map((reader) => (
              <li key={`${reader.name} ${reader.lastReadAt.getTime()}`}>
                <span className="font-medium text-ink">{reader.name}</span>, last{" "}
                <RelativeTime date={reader.lastReadAt} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Banner>
  );
}
