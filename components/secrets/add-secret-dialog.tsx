"use client";

import { useFormContext, useWatch } from "react-hook-form";
import { ValueExpiryField } from "@/components/expiry/value-expiry-field";
import { DialogForm } from "@/components/form/dialog-form";
import { repeatableTexts } from "@/components/form/error-texts";
import { SecretDescriptionField } from "@/components/secrets/secret-description-field";
import {
  type CreatedSecret,
  emptyValues,
  resolveNewSecret,
  type SecretFormValues,
} from "@/components/secrets/secret-form";
import { SecretNameField } from "@/components/secrets/secret-name-field";
import { SecretTypeField } from "@/components/secrets/secret-type-field";
import { SecretValueFields } from "@/components/secrets/secret-value-fields";
import { inMemory } from "@/components/secrets/text-source";
import { Dialog } from "@/components/ui/dialog";
import { useToast } from "@/components/ui/toast";
import { createSecretAction } from "@/lib/secrets/actions";
import { type SubKind, secretKinds, subKinds } from "@/lib/secrets/kinds/registry";

const texts = {
  ...repeatableTexts,
  no_key: "Automate has not created this fabric’s key yet. Try again in a moment.",
};

/**
 * The dialog Add Secret. Closing it discards every entered value.
 */
export function AddSecretDialog({
  fabricId,
  isOpen,
  onClose,
  returnFocus,
  title = "Add Secret",
  name = "",
  allowedSubKinds = subKinds,
  maxSecretBytes,
  onCreated,
}: {
  fabricId: string;
  isOpen: boolean;
  onClose: () => void;
  returnFocus?: () => HTMLElement | null;
  title?: string;
  /** Fills the field in advance. */
  name?: string;
  /** The first one is preselected. */
  allowedSubKinds?: readonly SubKind[];
  maxSecretBytes: number;
  onCreated?: (secret: CreatedSecret) => void;
}) {
  const toast = useToast();
  const subKind = allowedSubKinds[0] ?? subKinds[0];
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={title} {...(returnFocus ? { returnFocus } : {})}>
      <DialogForm
        resolver={resolveNewSecret}
        defaultValues={{ subKind, name, description: "", expiresAt: "", ...emptyValues }}
        action={(input, key) => createSecretAction(fabricId, input, key)}
        texts={texts}
        onOk={(created) => {
          toast("Secret created", { description: created.name });
          onCreated?.(created);
        }}
        submitLabel="Create"
        unguarded={["subKind"]}
      >
        <AddSecretFields allowed={allowedSubKinds} maxSecretBytes={maxSecretBytes} />
      </DialogForm>
    </Dialog>
  );
}

function AddSecretFields({
  allowed,
  maxSecretBytes,
}: {
  allowed: readonly SubKind[];
  maxSecretBytes: number;
}) {
  const { control, setValue } = useFormContext<SecretFormValues>();
  const subKind = useWatch({ control, name: "subKind" });

  const fileKind = allowed.find((one) => secretKinds[one].shape === "file");
  async function storeAsBinary(file: File) {
    if (fileKind) setValue("subKind", fileKind);
    setValue("fields.value", "");
    setValue("file", await inMemory(file), { shouldDirty: true });
  }

  return (
    <>
      <SecretTypeField allowed={allowed} />
      <SecretNameField />
      <SecretValueFields
        key={subKind}
        subKind={subKind}
        maxSecretBytes={maxSecretBytes}
        {...(fileKind ? { onStoreAsBinary: storeAsBinary } : {})}
      />
      <ValueExpiryField />
      <SecretDescriptionField />
    </>
  );
}
