"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Pencil } from "lucide-react";
import { FabricFields } from "@/components/fabrics/fabric-fields";
import { DialogForm } from "@/components/form/dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { updateFabricAction } from "@/lib/fabrics/actions";
import { type UpdateFabricInput, updateFabricInput } from "@/lib/fabrics/schema";

const resolver = zodResolver(updateFabricInput);
type Fabric = UpdateFabricInput & { id: string };

export function EditFabricButton({ fabric: { id, name, description } }: { fabric: Fabric }) {
  const dialog = useDialog();
  const toast = useToast();
  return (
    <>
      <Button icon={<Pencil aria-hidden />} onClick={dialog.open}>
        Edit
      </Button>
      <Dialog isOpen={dialog.isOpen} onClose={dialog.close} title="Edit fabric">
        <DialogForm
          resolver={resolver}
          defaultValues={{ name, description }}
          action={(input) => updateFabricAction(id, input)}
          onOk={() => toast("Fabric saved")}
          submitLabel="Save"
          needsChange
        >
          <FabricFields />
        </DialogForm>
      </Dialog>
    </>
  );
}
