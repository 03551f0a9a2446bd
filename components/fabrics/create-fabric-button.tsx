"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { useForm } from "react-hook-form";
import { FabricFields } from "@/components/fabrics/fabric-fields";
import { repeatableTexts } from "@/components/form/error-texts";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogCancel, DialogFooter } from "@/components/ui/dialog";
import { useDialogGuard } from "@/components/ui/dialog-guard";
import { Field } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import { useToast } from "@/components/ui/toast";
import { useDialog } from "@/components/ui/use-dialog";
import { createFabricAction } from "@/lib/fabrics/actions";
import { createFabricForm, providerKeys, providers } from "@/lib/fabrics/schema";

type Team = { id: string; name: string };

const texts = {
  ...repeatableTexts,
  automate_unavailable: "Fabrics can't be created right now: Automate does not answer. Nothing was created.",
  refused: "Fabrics can't be created right now: Automate refused to make a key. Nothing was created.",
};

/** `teams` are those in which the person is Admin: at least one. */
export function CreateFabricButton({ teams }: { teams: Team[] }) {
  const dialog = useDialog();
  return (
    <>
      <Button variant="primary" icon={<Plus aria-hidden />} onClick={dialog.open}>
        Create Fabric
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Create Fabric"
        description="A fabric holds the secrets and connections of one warehouse."
      >
        <CreateFabricForm teams={teams} />
      </Dialog>
    </>
  );
}

function CreateFabricForm({ teams }: { teams: Team[] }) {
  const router = useRouter();
  const toast = useToast();
  const form = useForm({
    resolver: zodResolver(createFabricForm),
    defaultValues: {
      name: "",
      description: "",
      teamId: teams.length === 1 ? (teams[0]?.id ?? "") : "",
      provider: "none",
    },
  });
  const { errors, isDirty, isSubmitting, isSubmitSuccessful } = form.formState;
  const { submit, formError } = useActionForm(
    ({ teamId, ...input }: Parameters<typeof createFabricAction>[1] & { teamId: string }, key) =>
      createFabricAction(teamId, input, key),
    form,
    {
      texts,
      onOk: ({ id }, { name }) => {
        toast("Fabric created", { description: name });
        router.push(`/metadata/fabrics/${id}`);
      },
    },
  );
  useDialogGuard(isDirty && !isSubmitSuccessful);

  return (
    <form className="contents" onSubmit={submit} noValidate>
      <DialogBody>
        <FormError error={formError} />
        <FabricFields
          name={form.register("name")}
          description={form.register("description")}
          errors={errors}
        />
        <Field label="Team" error={errors.teamId?.message} isRequired hint="Its members can use the fabric.">
          <Select
            {...form.register("teamId")}
            {...(teams.length === 1 ? {} : { placeholder: "Choose a team" })}
            options={teams.map(({ id, name }) => ({ value: id, label: name }))}
          />
        </Field>
        <Field
          label="Provider"
          error={errors.provider?.message}
          isRequired
          hint="The kind of its warehouse. It cannot be changed later."
        >
          <Select
            {...form.register("provider")}
            options={providerKeys.map((key) => ({ value: key, label: providers[key] }))}
          />
        </Field>
      </DialogBody>
      <DialogFooter>
        <DialogCancel />
        <Button type="submit" variant="primary" isPending={isSubmitting}>
          Create
        </Button>
      </DialogFooter>
    </form>
  );
}
