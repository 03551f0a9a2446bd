import { ImportFile } from "@/components/imports/import-file";
import { BackLink } from "@/components/ui/back-link";
import { webEnv } from "@/lib/env";
import { requireScope } from "@/lib/next/require-scope";

export const metadata = { title: "Import secrets" };

export default async function ImportPage({ params }: { params: Promise<{ fabricId: string }> }) {
  const { fabricId } = await params;
  await requireScope(fabricId, "secret:write");
  return (
    <section aria-labelledby="import" className="flex flex-col gap-5">
      <BackLink href={`/metadata/fabrics/${fabricId}/secrets`}>Secrets</BackLink>
      <div className="flex max-w-3xl flex-col gap-1">
        <h2 id="import" className="font-semibold text-xl">
          Import secrets
        </h2>
        <p className="text-muted">
          From a .env, JSON, CSV or YAML file, connections.yaml, or an export of HashiCorp Vault. Your browser
          reads the file, and asks Selvage about names and types alone. Values leave your browser when you
          import.
        </p>
      </div>
      <ImportFile fabricId={fabricId} maxBytes={maxImportBytes()} />
    </section>
  );
}

/** One request carries all rows: as much as the largest secret. JSON writes some characters as two. */
function maxImportBytes(): number {
  return webEnv().MAX_SECRET_BYTES;
}
