"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { CheckPanel } from "@/components/connections/check-panel";
import { ConnectionDialogs } from "@/components/connections/connection-dialogs";
import { ConnectionFields } from "@/components/connections/connection-fields";
import {
  type ConnectionFormProps,
  ConnectionFormProvider,
  useConnectionForm,
} from "@/components/connections/connection-form-context";
import type { ConnectionFormValues } from "@/components/connections/connection-form-values";
import { SaveBar } from "@/components/connections/save-bar";
import { UnsavedGuard } from "@/components/connections/unsaved-guard";
import { repeatableTexts } from "@/components/form/error-texts";
import { useActionForm } from "@/components/form/use-action-form";
import { useToast } from "@/components/ui/toast";
import { createConnectionAction, updateConnectionAction } from "@/lib/connections/actions";
import { propertiesOf } from "@/lib/connectors/form";

/** Creates or edits a connection. Its pickers' dialogs are rendered outside the form. */
export function ConnectionForm(props: ConnectionFormProps) {
  return (
    <ConnectionFormProvider {...props}>
      <Form />
      <ConnectionDialogs />
    </ConnectionFormProvider>
  );
}

function Form() {
  const { fabricId, connector, isWarehouse = false, saved, form, typeOf } = useConnectionForm();
  const router = useRouter();
  const toast = useToast();
  const [isSaved, setIsSaved] = useState(false);
  const { submit, formError } = useActionForm(
    ({ name, description, properties }: ConnectionFormValues, key) => {
      const input = { name, description, properties: propertiesOf(connector.fields, properties, typeOf) };
      return saved
        ? updateConnectionAction(fabricId, { connectionId: saved.id, ...input }, key)
        : createConnectionAction(
            fabricId,
            { kind: connector.kind, isDefaultWarehouseConnection: isWarehouse, ...input },
            key,
          );
    },
    form,
    {
      texts: {
        ...repeatableTexts,
        invalid_properties: "Correct the marked fields.",
        warehouse_taken: "This fabric already has a SQL warehouse. A fabric can have only one.",
        warehouse_unfit: "This kind cannot be the SQL warehouse, because the fabric has another provider.",
      },
      onOk() {
        setIsSaved(true);
        toast("Connection saved");
        router.push(`/metadata/fabrics/${fabricId}/connections`);
      },
    },
  );
  return (
    <>
      <form
        onSubmit={submit}
        noValidate
        className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]"
      >
        <ConnectionFields formError={formError} />
        <div className="lg:sticky lg:top-6 lg:row-span-2">
          <CheckPanel />
        </div>
        <SaveBar />
      </form>
      <UnsavedGuard isUnsaved={form.formState.isDirty && !isSaved} />
    </>
  );
}
