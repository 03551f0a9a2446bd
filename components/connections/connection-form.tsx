"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { FormProvider, useForm, useWatch } from "react-hook-form";
import { CheckPanel } from "@/components/connections/check-panel";
import { ConnectionField } from "@/components/connections/connection-field";
import type { ConnectionFormValues } from "@/components/connections/connection-form-values";
import { CredentialNote } from "@/components/connections/credential-note";
import { ReplaceValueDialog } from "@/components/connections/replace-value-dialog";
import { type Outlook, SaveBar } from "@/components/connections/save-bar";
import { UnsavedGuard } from "@/components/connections/unsaved-guard";
import { useConnectionCheck } from "@/components/connections/use-connection-check";
import { errorText, repeatableTexts } from "@/components/form/error-texts";
import { FormError } from "@/components/form/form-error";
import { useActionForm } from "@/components/form/use-action-form";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import { AddSecretDialog } from "@/components/secrets/add-secret-dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useToast } from "@/components/ui/toast";
import { createConnectionAction, updateConnectionAction } from "@/lib/connections/actions";
import { codesBesideStatus } from "@/lib/connections/schema";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import { type ConnectorForm, type FormField, propertiesOf, shownFields } from "@/lib/connectors/form";
import { resetAttemptsAction } from "@/lib/credential-attempts/actions";
import { askForApprovalAction } from "@/lib/destinations/actions";
import type { SecretOption } from "@/lib/secrets/schema";

/** Creates or edits a connection. The dialogs of its pickers stand beside the form, never in it. */
export function ConnectionForm({
  fabricId,
  connector,
  maxSecretBytes,
  isAdmin,
  isWarehouse = false,
  saved,
}: {
  fabricId: string;
  connector: ConnectorForm;
  maxSecretBytes: number;
  isAdmin: boolean;
  /** A new connection that is the fabric's SQL warehouse. */
  isWarehouse?: boolean;
  /** The connection that is edited; absent for a new one. */
  saved?: { id: string } & ConnectionFormValues;
}) {
  const router = useRouter();
  const toast = useToast();
  const queries = useQueryClient();
  const [newSecretFor, setNewSecretFor] = useState<FormField | null>(null);
  const [replacing, setReplacing] = useState<{ field: FormField; secret: SecretOption } | null>(null);
  const reauthenticate = useReauthenticate();
  const places = useRef(new Map<string, HTMLElement | null>());
  const lastPicker = useRef("");
  const controlOf = (field: string) =>
    places.current.get(field)?.querySelector<HTMLElement>("input, select, button") ?? null;
  const form = useForm<ConnectionFormValues>({
    defaultValues: {
      name: saved?.name ?? "",
      description: saved?.description ?? "",
      properties: Object.fromEntries(
        connector.fields.map(({ name, initial }) => [name, saved?.properties[name] ?? initial]),
      ),
    },
  });
  const { isDirty, isSubmitting, errors } = form.formState;
  const [isSaved, setIsSaved] = useState(false);
  /** The result after which an Admin was asked. */
  const [askedFor, setAskedFor] = useState<CheckResult | null>(null);
  const properties = useWatch({ control: form.control, name: "properties" });
  const { progress, subjectOf, check, checkIfComplete, cancel, hasJustBegun, isStale, forgetErrors } =
    useConnectionCheck(fabricId, connector, form, saved !== undefined);

  const { submit, formError } = useActionForm(
    ({ name, description, properties: values }: ConnectionFormValues, key) => {
      const input = { name, description, properties: propertiesOf(connector.fields, values) };
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
        invalid_properties: "Some fields need another look.",
        warehouse_taken: "This fabric has its SQL warehouse already, and a fabric has one.",
        warehouse_unfit: "This kind is not the provider of this fabric, so it cannot be its SQL warehouse.",
      },
      onOk() {
        setIsSaved(true);
        toast("Connection saved");
        router.push(`/metadata/fabrics/${fabricId}/connections`);
      },
    },
  );

  function choose(field: string, secretId: string) {
    form.setValue(`properties.${field}`, secretId, { shouldDirty: true });
    forgetErrors(field);
    if (secretId !== "") void checkIfComplete();
  }

  async function resetAttempts(field: string) {
    const secretId = form.getValues().properties[field] ?? "";
    const answer = await reauthenticate.protect(resetAttemptsAction)(fabricId, { secretId });
    if (answer.ok) await check();
    else if (answer.code !== "reauthenticate")
      toast("No other try was allowed", { tone: "danger", description: errorText(answer.code) });
  }

  /** Null when an Admin was asked, or when there is nothing left to ask for and the check goes on. */
  async function askForApproval(reason: string): Promise<string | null> {
    const answer = await askForApprovalAction(fabricId, { ...subjectOf(), reason });
    if (!answer.ok) return answer.code;
    if (answer.value.waiting === 0) await check();
    else if (progress.phase === "done") setAskedFor(progress.result);
    return null;
  }

  /** Confirms what the check shows: a colleague may change a secret's Auth URL, or its certificate authority, meanwhile. */
  async function checkShown() {
    await check(result?.ok === false ? { shownPlaces: result.newPlaces } : {});
  }

  const isUnchanged = saved !== undefined && !isDirty;
  const result = progress.phase === "done" && !isStale(properties) ? progress.result : null;
  const outlook = outlookOf(progress.phase === "running", result, result !== null && result === askedFor);
  return (
    <>
      <FormProvider {...form}>
        <form
          onSubmit={submit}
          noValidate
          className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]"
        >
          <div className="flex flex-col gap-5 rounded-xl border border-line bg-surface p-5">
            <FormError error={formError} />
            <CredentialNote {...connector} />
            <Field label="Connection Name" error={errors.name?.message} isRequired>
              <Input
                autoComplete="off"
                {...form.register("name", { validate: (name) => name.trim() !== "" || "Name is empty." })}
              />
            </Field>
            <Field label="Description" error={errors.description?.message}>
              <Input autoComplete="off" {...form.register("description")} />
            </Field>
            {shownFields(connector.fields, properties).map((field) => (
              <ConnectionField
                key={field.name}
                fabricId={fabricId}
                field={field}
                onEdit={forgetErrors}
                onChoose={choose}
                onNewSecret={(target) => {
                  lastPicker.current = target.name;
                  setNewSecretFor(target);
                }}
                onReplaceValue={(target, secret) => {
                  lastPicker.current = target.name;
                  setReplacing({ field: target, secret });
                }}
                onMount={(name, element) => places.current.set(name, element)}
              />
            ))}
          </div>
          <div className="lg:sticky lg:top-6 lg:row-span-2">
            <CheckPanel
              progress={progress}
              stepTitles={connector.stepTitles}
              isStale={isStale(properties)}
              hasJustBegun={hasJustBegun}
              isNextStep={result?.ok !== true && !isUnchanged}
              onCheck={() => void check()}
              onCancel={cancel}
              onShowField={(field) => controlOf(field)?.focus()}
              onConfirmIdentity={
                isAdmin
                  ? async () => {
                      if (await reauthenticate.ask()) await checkShown();
                    }
                  : undefined
              }
              onConfirmPlaces={() => void checkShown()}
              onAsk={askForApproval}
              onResetSignIns={isAdmin ? resetAttempts : undefined}
              onConfirmHostKey={(fingerprint) => {
                const field = connector.fields.find(({ control }) => control === "hostKey");
                if (!field) return;
                form.setValue(`properties.${field.name}`, fingerprint, { shouldDirty: true });
                void check();
              }}
            />
          </div>
          <SaveBar
            outlook={outlook}
            isUnchanged={isUnchanged}
            isSubmitting={isSubmitting}
            cancelHref={`/metadata/fabrics/${fabricId}/connections`}
          />
        </form>
      </FormProvider>
      <UnsavedGuard isUnsaved={isDirty && !isSaved} />
      {reauthenticate.dialog}
      <AddSecretDialog
        fabricId={fabricId}
        isOpen={newSecretFor !== null}
        onClose={() => setNewSecretFor(null)}
        returnFocus={() => controlOf(lastPicker.current)}
        maxSecretBytes={maxSecretBytes}
        {...(newSecretFor?.subKinds ? { allowedSubKinds: newSecretFor.subKinds } : {})}
        {...(newSecretFor?.subKinds?.[0] ? { initialSubKind: newSecretFor.subKinds[0] } : {})}
        onCreated={({ id }) => {
          void queries.invalidateQueries({ queryKey: ["secret-options", fabricId] });
          if (newSecretFor) choose(newSecretFor.name, id);
        }}
      />
      <ReplaceValueDialog
        fabricId={fabricId}
        secret={replacing?.secret ?? null}
        onClose={() => setReplacing(null)}
        returnFocus={() => controlOf(lastPicker.current)}
        maxSecretBytes={maxSecretBytes}
        onReplaced={() => {
          void queries.invalidateQueries({ queryKey: ["secret-options", fabricId] });
          // A check under way is one of the former value.
          cancel();
          if (replacing) choose(replacing.field.name, replacing.secret.id);
        }}
      />
    </>
  );
}

function outlookOf(isChecking: boolean, result: CheckResult | null, hasAsked: boolean): Outlook {
  if (isChecking) return "checking";
  if (hasAsked) return "waiting";
  if (result === null) return "not_tested";
  if (result.ok) return "connected";
  return codesBesideStatus.includes(result.code) ? "not_tested" : "disconnected";
}
