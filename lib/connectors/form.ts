import * as z from "zod";
import {
  type Connector,
  type ConnectorGroup,
  type Control,
  type FieldMeta,
  fieldMeta,
} from "@/lib/connectors/define";
import type { TypeOf } from "@/lib/connectors/validate";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

/** One field of a connection's form, as plain data, so that the browser needs no connector schema. */
export type FormField = {
  name: string;
  title: string;
  control: Exclude<Control, "hidden">;
  help?: string;
  placeholder?: string;
  options?: { value: string; label: string; isAvailable: boolean }[];
  subKinds?: readonly SubKind[];
  /** For a user: the field of its password, whose secret may give the user. */
  userOf?: string;
  /** Shows the field only while each named field has one of these values. */
  showWhen: Record<string, string[]>;
  isRequired: boolean;
  initial: string;
};

/** The data of a kind of connection that its form and the gallery need. */
export type ConnectorForm = {
  kind: string;
  name: string;
  description: string;
  group: ConnectorGroup;
  rights: string;
  credentialPage: string;
  stepTitles: Readonly<Record<string, string>>;
  fields: FormField[];
};

const fieldSchema = z.looseObject({
  type: z.string().optional(),
  default: z.union([z.string(), z.number()]).optional(),
});

/** Builds a kind's form from the JSON Schema of its zod object. */
export function connectorForm({
  kind,
  name,
  description,
  group,
  rights,
  credentialPage,
  stepTitles,
  fields,
}: Connector): ConnectorForm {
  const schema = z.toJSONSchema(fields, { io: "input" });
  const required = new Set(schema.required ?? []);
  return {
    kind,
    name,
    description,
    group,
    rights,
    credentialPage,
    stepTitles: stepTitles ?? {},
    fields: Object.entries(schema.properties ?? {}).flatMap(([field, json]) => {
      const { type, default: initial, ...rest } = fieldSchema.parse(json);
      // zod puts Selvage's metadata next to the JSON Schema keywords.
      const meta = rest as unknown as FieldMeta;
      if (meta.control === "hidden") return [];
      const labels = Object.entries(meta.labels ?? {});
      const unavailable = Object.entries(meta.unavailable ?? {});
      const formField = {
        name: field,
        title: meta.title,
        control: meta.control ?? (type === "integer" || type === "number" ? "number" : "text"),
        ...(meta.help ? { help: meta.help } : {}),
        ...(meta.placeholder ? { placeholder: meta.placeholder } : {}),
        ...(labels.length > 0
          ? {
              options: [
                ...labels.map(([value, label]) => ({ value, label, isAvailable: true })),
                ...unavailable.map(([value, label]) => ({ value, label, isAvailable: false })),
              ],
            }
          : {}),
        ...(meta.subKinds ? { subKinds: meta.subKinds } : {}),
        ...(meta.userOf ? { userOf: meta.userOf } : {}),
        showWhen: Object.fromEntries(
          Object.entries(meta.showWhen ?? {}).map(([by, value]) => [by, [value].flat()]),
        ),
        isRequired: required.has(field) || meta.requiredWhenShown === true || (initial ?? "") !== "",
        initial: initial === undefined ? "" : String(initial),
      };
      return [formField];
    }),
  };
}

/** Further words by which people search for a kind: its own, and the labels of the types of secret that it takes. */
export function searchWords({ keywords = "", fields }: Connector): string {
  const subKinds = new Set(Object.values(fields.shape).flatMap((field) => fieldMeta(field).subKinds ?? []));
  return [keywords, ...[...subKinds].map((subKind) => secretKinds[subKind].label)].join(" ");
}

/** The values of a form as typed: always text. */
export type FormValues = Record<string, string>;

/** The fields that these values show, in the order of the form, with users that a secret gives. */
export function fieldsOnForm(fields: readonly FormField[], values: FormValues): FormField[] {
  const shown = new Set<string>();
  return fields.filter(({ name, showWhen }) => {
    const isShown = Object.entries(showWhen).every(
      ([by, expected]) => shown.has(by) && expected.includes(values[by] ?? ""),
    );
    if (isShown) shown.add(name);
    return isShown;
  });
}

/** True for a user that the secret of the password gives. `typeOf` knows the types of the chosen secrets. */
export function isUserGiven(
  { userOf }: FormField,
  fields: readonly FormField[],
  values: FormValues,
  typeOf: TypeOf,
): boolean {
  if (userOf === undefined || !fieldsOnForm(fields, values).some(({ name }) => name === userOf)) return false;
  const subKind = typeOf(values[userOf] ?? "");
  return subKind !== undefined && secretKinds[subKind].givesUser === true;
}

/** The fields that a person fills in, in the order of the form. */
export function shownFields(fields: readonly FormField[], values: FormValues, typeOf: TypeOf): FormField[] {
  return fieldsOnForm(fields, values).filter((field) => !isUserGiven(field, fields, values, typeOf));
}

/** The properties to send: non-empty values of shown fields, with numbers as numbers. */
export function propertiesOf(
  fields: readonly FormField[],
  values: FormValues,
  typeOf: TypeOf,
): Record<string, string | number> {
  const filled = shownFields(fields, values, typeOf).filter(({ name }) => (values[name] ?? "").trim() !== "");
  return Object.fromEntries(
    filled.map(({ name, control }) => {
      const value = values[name] ?? "";
      return [name, control === "number" && /^\d+$/.test(value.trim()) ? Number(value) : value];
    }),
  );
}

/** True when each shown, required field has a value. */
export function isComplete(fields: readonly FormField[], values: FormValues, typeOf: TypeOf): boolean {
  return shownFields(fields, values, typeOf).every(
    ({ name, isRequired }) => !isRequired || (values[name] ?? "").trim() !== "",
  );
}
