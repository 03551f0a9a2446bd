import * as z from "zod";
import { defineSecretKind, textField } from "@/lib/secrets/kinds/define";

const field = textField({ title: "Key", control: "password" });
const file = { title: "Key", control: "file", schema: z.instanceof(Uint8Array) } as const;
const labels = { subKind: "x", label: "X", description: "An X", icon: "key" } as const;

defineSecretKind({ ...labels, shape: "fields", fields: { key: field } });

// @ts-expect-error A type has a label.
defineSecretKind({ ...labels, label: undefined, shape: "fields", fields: { key: field } });
// @ts-expect-error A field has a control.
textField({ title: "Key" });
// @ts-expect-error A single text is named `value`.
defineSecretKind({ ...labels, shape: "text", fields: { key: field } });
// @ts-expect-error One of several fields cannot be named `value`: paths in the API would be ambiguous.
defineSecretKind({ ...labels, shape: "fields", fields: { key: field, value: field } });
// @ts-expect-error A file needs its encoding in JSON.
defineSecretKind({ ...labels, shape: "file", fields: { value: file } });
// @ts-expect-error A type that gives tokens has the fields of a client.
defineSecretKind({ ...labels, shape: "fields", fields: { clientId: field }, givesTokens: true });
