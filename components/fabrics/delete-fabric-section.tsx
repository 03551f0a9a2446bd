"use client";

import { useRouter } from "next/navigation";
import { startTransition } from "react";
import { ConfirmedActDialog } from "@/components/reauthenticate/confirmed-act-dialog";
import { Button } from "@/components/ui/button";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { deleteFabricAction } from "@/lib/fabrics/actions";

type Deletable = {
  id: string;
  name: string;
  activeTokens: number;
  issuers: number;
  /** The label of the team's master key that was chosen for it. */
  ownMasterKey: string | null;
};

const texts = {
  automate_unavailable: "Automate is not available, so the fabric was not deleted. Try again in a moment.",
  refused: "Automate refused to delete the fabric. Reload the page: someone else may have deleted it.",
};

/** For Admins, at the end of Advanced. */
export function DeleteFabricSection({ fabric }: { fabric: Deletable }) {
  return (
    <section aria-labelledby="delete-fabric" className="flex flex-col items-start gap-4">
      <div>
        <h2 id="delete-fabric" className="font-semibold text-lg">
          Delete fabric
        </h2>
        <p className="max-w-2xl text-pretty text-muted">
          Everybody loses access at once, pipelines too. An Admin can undo it for some days; then its keys are
          destroyed.
        </p>
      </div>
      <DeleteFabricButton fabric={fabric} />
    </section>
  );
}

function DeleteFabricButton({ fabric }: { fabric: Deletable }) {
  const { id, name, activeTokens, issuers, ownMasterKey } = fabric;
  const dialog = useDialog();
  const router = useRouter();
  const toast = useToast();

  function deleteFabric(): ReturnType<typeof deleteFabricAction> {
    return new Promise((settle, fail) => {
      // One transition, so that the list replaces this page before the page itself renders "not found".
      startTransition(async () => {
        try {
          const result = await deleteFabricAction(id, {});
          if (result.ok) {
            toast("Fabric deleted", { description: name });
            router.replace("/metadata");
          }
          settle(result);
        } catch (error) {
          fail(error);
        }
      });
    });
  }

  return (
    <>
      <Button variant="danger" onClick={dialog.open}>
        Delete fabric
      </Button>
      <ConfirmedActDialog
        dialog={dialog}
        title={`Delete “${name}”?`}
        confirmLabel="Delete"
        tone="danger"
        typedName={name}
        act={deleteFabric}
        onDone={() => {}}
        texts={texts}
      >
        <ul className="flex list-disc flex-col gap-2 pl-5">
          <li>Nobody can reach its secrets and connections from now on. Its pipelines fail.</li>
          <li>
            Its pipeline tokens ({activeTokens} in use) and trusted issuers ({issuers}) end for good. An undo
            does not bring them back.
          </li>
          <li>
            An Admin can undo this under Metadata until its keys are destroyed. An operator of Selvage sets
            when: 7 days later by default, and with 0 days at once.
          </li>
          <li>
            After that, only a backup of the database from before can bring its values back, together with{" "}
            {ownMasterKey === null ? "the master key" : `master key “${ownMasterKey}”`}.
          </li>
          {ownMasterKey !== null && (
            <li>
              Selvage does not delete that key. Delete it in its key service, if nothing else uses it: then no
              backup opens either.
            </li>
          )}
        </ul>
      </ConfirmedActDialog>
    </>
  );
}
