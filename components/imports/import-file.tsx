"use client";

import { CircleCheck } from "lucide-react";
import { ChooseFile } from "@/components/imports/choose-file";
import { ImportRows } from "@/components/imports/import-rows";
import { importedText } from "@/components/imports/imported-text";
import { useImport } from "@/components/imports/use-import";
import { Banner } from "@/components/ui/banner";
import { Button, ButtonLink } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import type { Imported } from "@/lib/imports/schema";

/** Imports the secrets and connections of a file: choose it, look at its rows, import all or nothing. */
export function ImportFile({ fabricId, maxBytes }: { fabricId: string; maxBytes: number }) {
  const { loaded, error, isBusy, imported, pasted, ...acts } = useImport(fabricId, maxBytes);
  if (imported) return <Done fabricId={fabricId} imported={imported} onMore={acts.forget} />;
  return (
    <div className="flex flex-col gap-5">
      {error && (
        <Banner tone="danger" isLive>
          {error}
        </Banner>
      )}
      {loaded ? (
        <ImportRows
          {...loaded}
          isBusy={isBusy}
          onChange={acts.change}
          onImport={acts.commit}
          onForget={acts.forget}
        />
      ) : (
        <ChooseFile pasted={pasted} isBusy={isBusy} onFile={acts.choose} />
      )}
    </div>
  );
}

function Done({ fabricId, imported, onMore }: { fabricId: string; imported: Imported; onMore: () => void }) {
  const { secrets, connections } = imported;
  const home = `/metadata/fabrics/${fabricId}`;
  return (
    <div role="status">
      <EmptyState
        icon={<CircleCheck />}
        title={`Imported ${importedText(imported)}`}
        action={
          <>
            {secrets > 0 && (
              <ButtonLink href={`${home}/secrets?sort=created&order=desc`}>Show secrets</ButtonLink>
            )}
            {connections > 0 && <ButtonLink href={`${home}/connections`}>Show connections</ButtonLink>}
            <Button onClick={onMore}>Import another file</Button>
          </>
        }
      >
        {connections > 0
          ? "No secret goes anywhere yet. Check each connection: the first check shows the destinations and asks."
          : "Delete the file if nobody needs it any more: it holds the values in clear text."}
      </EmptyState>
    </div>
  );
}
