"use client";

import { FileValueField } from "@/components/secrets/file-value-field";
import { SecretLineField } from "@/components/secrets/secret-line-field";
import { TextValueField } from "@/components/secrets/text-value-field";
import type { SubKind } from "@/lib/secrets/kinds/registry";

/** The value fields of one type of secret. */
export function SecretValueFields({
  subKind,
  maxSecretBytes,
  onStoreAsBinary,
}: {
  subKind: SubKind;
  maxSecretBytes: number;
  onStoreAsBinary?: (file: File) => void;
}) {
  switch (subKind) {
    case "text":
      return <TextValueField {...(onStoreAsBinary ? { onStoreAsBinary } : {})} />;
    case "binary":
      return <FileValueField maxSecretBytes={maxSecretBytes} />;
    case "username_password":
      return (
        <>
          <SecretLineField name="username" />
          <SecretLineField name="password" />
        </>
      );
    case "m2m_oauth":
      return (
        <>
          <SecretLineField name="clientId" />
          <SecretLineField name="clientSecret" />
          <SecretLineField name="authUrl" />
          <SecretLineField name="scope" />
        </>
      );
  }
}
