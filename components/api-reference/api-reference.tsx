"use client";

import { useState } from "react";
import { OperationCard } from "@/components/api-reference/operation-card";
import { Field } from "@/components/ui/field";
import { PasswordInput } from "@/components/ui/password-input";
import type { ReferenceOperation } from "@/web/management-api/schema";

/** The token for trying requests exists only in this state. Leaving the page discards it. */
export function ApiReference({ operations }: { operations: ReferenceOperation[] }) {
  const [token, setToken] = useState("");
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  return (
    <div className="flex flex-col gap-8">
      <div className="max-w-xl">
        <Field
          label="Access token"
          isRequired
          hint="For trying requests on this page with your permissions. It is not stored."
        >
          <PasswordInput value={token} onChange={(event) => setToken(event.currentTarget.value.trim())} />
        </Field>
      </div>
      {tags.map((tag) => (
        <section key={tag} aria-labelledby={`tag-${tag}`} className="flex flex-col gap-3">
          <h2 id={`tag-${tag}`} className="font-semibold text-lg">
            {tag}
          </h2>
          <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line bg-surface">
            {operations
              .filter((operation) => operation.tag === tag)
              .map((operation) => (
                <li key={operation.id}>
                  <OperationCard operation={operation} token={token} />
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
