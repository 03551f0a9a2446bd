"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { RotationFields } from "@/components/password-rotations/rotation-fields";
import { initialValues, resolverFor } from "@/components/password-rotations/rotation-form";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { setPasswordRotationAction } from "@/lib/password-rotations/actions";
import type { RotationDetail, RotationInput } from "@/lib/password-rotations/schema";
import { problemTexts } from "@/lib/password-rotations/texts";

export function SetRotationButton({
  fabricId,
  secret,
  settings,
  connections,
  administrators,
}: {
  fabricId: string;
  secret: { id: string; name: string; givesUser: boolean; destinations: readonly string[] };
  settings: RotationDetail["settings"];
  connections: RotationDetail["connections"];
  administrators: readonly { id: string; name: string }[];
}) {
  const dialog = useDialog();
  const toast = useToast();
  const router = useRouter();
  const [toConfirm, setToConfirm] = useState<readonly string[]>([]);
  const [isConfirmed, setIsConfirmed] = useState(false);
  const [administratorId, setAdministratorId] = useState("");
  const administrator =
    administrators.find(({ id }) => id === administratorId)?.name ?? "The administrator’s secret";

  function close() {
    setToConfirm([]);
    setIsConfirmed(false);
    dialog.close();
  }

  async function set(input: RotationInput) {
    const result = await setPasswordRotationAction(fabricId, input);
    if (!result.ok || result.value.toConfirm.length === 0) return result;
    setToConfirm(result.value.toConfirm);
    setAdministratorId(input.administratorId ?? "");
    setIsConfirmed(false);
    return { ok: false, code: "destination_unconfirmed" } as const;
  }

  return (
    <>
      <Button size="sm" onClick={dialog.open}>
        {settings ? "Edit rotation" : "Set up rotation"}
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={close}
        title={settings ? "Edit rotation" : "Set up rotation"}
        description={secret.name}
      >
        <ProtectedDialogForm
          resolver={resolverFor(secret.id, {
            ofValue: secret.destinations,
            ofAdministrator: isConfirmed ? toConfirm : [],
          })}
          defaultValues={initialValues(settings, connections)}
          action={set}
          texts={{
            ...problemTexts,
            destination_unconfirmed: `${administrator} has not been sent to this server before. Tick the box below to allow it.`,
          }}
          onOk={() => {
            toast(settings ? "Rotation changed" : "Rotation set up", { description: secret.name });
            setToConfirm([]);
            router.refresh();
          }}
          submitLabel={settings ? "Save" : "Set up"}
        >
          <RotationFields
            connections={connections}
            administrators={administrators}
            canBePair={secret.givesUser}
            valueDestinations={secret.destinations}
            confirmation={{ administrator, destinations: toConfirm, isConfirmed, onChange: setIsConfirmed }}
          />
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
