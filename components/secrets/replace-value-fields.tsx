"use client";

import { ReplaceableField } from "@/components/secrets/replaceable-field";
import type { LineField } from "@/components/secrets/secret-line-field";
import { SecretValueFields } from "@/components/secrets/secret-value-fields";
import type { SubKind } from "@/lib/secrets/kinds/registry";
import type { ReplaceableSecret } from "@/lib/secrets/schema";

const lineFields: Record<SubKind, readonly LineField[]> = {
  text: [],
  binary: [],
  username_password: ["username", "password"],
  m2m_oauth: ["clientId", "clientSecret", "authUrl", "scope"],
};

/** The value fields. A single value starts empty; with several, each is kept until the person replaces it. */
export function ReplaceValueFields({
  secret: { subKind, fields },
  maxSecretBytes,
}: {
  secret: Pick<ReplaceableSecret, "subKind" | "fields">;
  maxSecretBytes: number;
}) {
  const names = lineFields[subKind];
  if (names.length === 0) return <SecretValueFields subKind={subKind} maxSecretBytes={maxSecretBytes} />;
  return names.map((name) => (
    <ReplaceableField
      key={name}
      subKind={subKind}
      name={name}
      current={fields.find(({ field }) => field === name)}
    />
  ));
}
