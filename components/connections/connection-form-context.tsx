"use client";

import { createContext, type ReactNode, useContext, useRef, useState } from "react";
import { FormProvider, type UseFormReturn, useForm, useWatch } from "react-hook-form";
import type { ConnectionFormValues } from "@/components/connections/connection-form-values";
import { type ConnectionCheck, useConnectionCheck } from "@/components/connections/use-connection-check";
import { useReauthenticate } from "@/components/reauthenticate/use-reauthenticate";
import type { CheckResult } from "@/lib/connectors/check-protocol";
import type { ConnectorForm, FormField } from "@/lib/connectors/form";
import type { TypeOf } from "@/lib/connectors/validate";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import type { SecretOption } from "@/lib/secrets/schema";

export type ConnectionFormProps = {
  fabricId: string;
  connector: ConnectorForm;
  maxSecretBytes: number;
  isAdmin: boolean;
  /** True when the new connection is the fabric's SQL warehouse. */
  isWarehouse?: boolean;
  /** The connection being edited, and the types of its secrets; absent for a new one. */
  saved?: { id: string; secretTypes: Readonly<Record<string, SubKind>> } & ConnectionFormValues;
};

/** The dialog that a picker opened, and that picker's field. */
export type PickerDialog =
  | { kind: "new secret"; field: FormField }
  | { kind: "replace value"; field: FormField; secret: SecretOption };

type ConnectionFormState = ConnectionFormProps & {
  form: UseFormReturn<ConnectionFormValues>;
  properties: Record<string, string>;
  check: ConnectionCheck;
  /** The result of a check of exactly the form's current values; otherwise null. */
  result: CheckResult | null;
  /** True when the person requested approval after that result. */
  isApprovalRequested: boolean;
  setApprovalRequested: () => void;
  /** Its dialog is rendered outside the form: a submit in a nested form would submit both. */
  reauthenticate: ReturnType<typeof useReauthenticate>;
  pickerDialog: PickerDialog | null;
  setPickerDialog: (dialog: PickerDialog | null) => void;
  /** Chooses a secret, and starts a check if no other required field is empty. Null chooses none. */
  chooseSecret: (field: string, secret: { id: string; subKind: SubKind } | null) => void;
  /** The types of the chosen secrets, by id. */
  typeOf: TypeOf;
  /** The control of a field, for moving the focus. */
  controlOf: (field: string) => HTMLElement | null;
  setFieldElement: (field: string, element: HTMLElement | null) => void;
};

const Context = createContext<ConnectionFormState | null>(null);

/** The state that the parts of a connection's form share. */
export function useConnectionForm(): ConnectionFormState {
  const state = useContext(Context);
  if (!state) throw new Error("useConnectionForm requires a ConnectionFormProvider.");
  return state;
}

export function ConnectionFormProvider({
  children,
  ...props
}: ConnectionFormProps & { children: ReactNode }) {
  const { fabricId, connector, saved } = props;
  const form = useForm<ConnectionFormValues>({
    defaultValues: {
      name: saved?.name ?? "",
      description: saved?.description ?? "",
      properties: Object.fromEntries(
        connector.fields.map(({ name, initial }) => [name, saved?.properties[name] ?? initial]),
      ),
    },
  });
  const properties = useWatch({ control: form.control, name: "properties" });
  const types = useRef(new Map(Object.entries(saved?.secretTypes ?? {})));
  const typeOf: TypeOf = (id) => types.current.get(id);
  const check = useConnectionCheck(fabricId, connector, { form, isSaved: saved !== undefined, typeOf });
  const [requestedFor, setRequestedFor] = useState<CheckResult | null>(null);
  const [pickerDialog, setPickerDialog] = useState<PickerDialog | null>(null);
  const reauthenticate = useReauthenticate();
  const elements = useRef(new Map<string, HTMLElement | null>());

  const { progress } = check;
  const result = progress.phase === "done" && !check.isStale(properties) ? progress.result : null;
  const state: ConnectionFormState = {
    ...props,
    form,
    properties,
    check,
    result,
    isApprovalRequested: result !== null && result === requestedFor,
    setApprovalRequested: () => setRequestedFor(result),
    reauthenticate,
    pickerDialog,
    setPickerDialog,
    chooseSecret(field, secret) {
      if (secret) types.current.set(secret.id, secret.subKind);
      form.setValue(`properties.${field}`, secret?.id ?? "", { shouldDirty: true });
      check.forgetErrors(field);
      if (secret) void check.checkIfComplete();
    },
    typeOf,
    controlOf: (field) =>
      elements.current.get(field)?.querySelector<HTMLElement>("input, select, button") ?? null,
    setFieldElement: (field, element) => elements.current.set(field, element),
  };
  return (
    <Context.Provider value={state}>
      <FormProvider {...form}>{children}</FormProvider>
    </Context.Provider>
  );
}
