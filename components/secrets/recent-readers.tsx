import { ReaderList } from "@/components/secrets/reader-list";
import { Banner } from "@/components/ui/banner";
import { type SecretReader, usedForDays } from "@/lib/secrets/schema";

/** The pipelines that read the secret by its current name. A rename breaks none of them. */
export function RecentReaders({ name, readers }: { name: string; readers: readonly SecretReader[] }) {
  const byName = readers.filter((reader) => reader.name?.toLowerCase() === name.toLowerCase());
  return (
    <Banner tone="info" title={`Pipelines can still read the secret as “${name}”`}>
      <p>Connections keep using the secret automatically.</p>
      {byName.length === 0 ? (
        <p className="mt-2">No pipeline has read it by this name in the last {usedForDays} days.</p>
      ) : (
        <>
          <p className="mt-2">These pipelines have read it by this name in the last {usedForDays} days:</p>
          <ReaderList name={name} readers={byName} />
        </>
      )}
    </Banner>
  );
}
