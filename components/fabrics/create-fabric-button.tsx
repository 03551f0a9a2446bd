"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { FabricFields } from "@/components/fabrics/fabric-fields";
import { DialogForm } from "@/components/form/dialog-form";
import { repeatableTexts } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { createFabricAction } from "@/lib/fabrics/actions";
import { createFabricForm, providerKeys, providers } from "@/lib/fabrics/schema";

const resolver = zodResolver(createFabricForm);
type Team = { id: string; name: string };

const texts = {
  ...repeatableTexts,
  automate_unavailable: "Automate is not available, so nothing was created. Try again in a moment.",
  key_service_unavailable:
    "Fabrics can’t be created right now, because the key service is not available. Nothing was created. Try again in a moment.",
  refused: "Automate refused to create a fabric key, so nothing was created. Tell an operator of Selvage.",
};

/** `teams` are those in which the person is Admin: at least one. */
export function CreateFabricButton({ teams }: { teams: Team[] }) {
  const dialog = useDialog();
  const router = useRouter();
  const toast = useToast();
  const onlyTeam = teams.length === 1 ? teams[0] : undefined;
  return (
    <>
      <Button variant="primary" icon={<Plus aria-hidden />} onClick={dialog.open}>
        Create fabric
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Create fabric"
        description="A fabric holds the secrets and connections of one warehouse."
      >
        <DialogForm
          resolver={resolver}
          defaultValues={{ name: "", description: "", teamId: onlyTeam?.id ?? "", provider: "none" }}
          action={({ teamId, ...input }, key) => createFabricAction(teamId, input, key)}
          texts={texts}
          onOk={({ id }, { name }) => {
            toast("Fabric created", { description: name });
            router.push(`/metadata/fabrics/${id}`);
          }}
          submitLabel="Create"
        >
          {({ register, formState: { errors } }) => (
            <>
              <FabricFields />
              <Field
                label="Team"
                error={errors.teamId?.message}
                isRequired
                hint="Its members can use the fabric."
              >
                <Select
                  {...register("teamId")}
                  {...(onlyTeam ? {} : { placeholder: "Choose a team" })}
                  options={teams.map(({ id, name }) => ({ value: id, label: name }))}
                />
              </Field>
              <Field
                label="Provider"
                error={errors.provider?.message}
                isRequired
                hint="The kind of its SQL warehouse. It cannot be changed later."
              >
                <Select
                  {...register("provider")}
                  options={providerKeys.map((key) => ({ value: key, label: providers[key] }))}
                />
              </Field>
            </>
          )}
        </DialogForm>
      </Dialog>
    </>
  );
}
