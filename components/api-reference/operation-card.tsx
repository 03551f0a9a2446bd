"use client";

import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { FieldList } from "@/components/api-reference/field-list";
import { MethodBadge } from "@/components/api-reference/method-badge";
import { Prose } from "@/components/api-reference/prose";
import { TryRequest } from "@/components/api-reference/try-request";
import { Breakable } from "@/components/ui/breakable";
import type { ReferenceOperation } from "@/web/management-api/schema";

export function OperationCard({ operation, token }: { operation: ReferenceOperation; token: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const { id, method, path, summary, description, queries, headers, bodies, answer, failures, example } =
    operation;
  return (
    <details
      id={id}
      open={isOpen}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
      className="group"
    >
      <summary className="-outline-offset-2 flex cursor-pointer list-none items-center gap-x-3 px-4 py-3 hover:bg-hover">
        <ChevronRight
          aria-hidden
          className="size-4 shrink-0 text-faint transition-transform group-open:rotate-90"
        />
        <MethodBadge method={method} />
        <span className="flex min-w-0 flex-1 flex-wrap items-baseline gap-x-3">
          <span className="font-medium">{summary}</span>
          <code className="wrap-anywhere font-mono text-muted text-sm">
            <Breakable text={path.replace("/api/orchestration", "")} />
          </code>
        </span>
      </summary>
      {isOpen && (
        <div className="grid gap-6 border-line border-t px-4 py-5 lg:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-5">
            <div>
              <code className="wrap-anywhere font-mono text-sm">
                {method} <Breakable text={path} />
              </code>
              {description && (
                <p className="mt-2 text-pretty text-muted">
                  <Prose text={description} />
                </p>
              )}
            </div>
            <FieldList title="Query" fields={queries} />
            <FieldList title="Headers" fields={headers} />
            {bodies.map(({ label, fields }) => (
              <FieldList key={label} title={label ? `Body for the type ${label}` : "Body"} fields={fields} />
            ))}
            <FieldList title="Response data" fields={answer} />
            <p className="text-muted text-sm">
              Errors {failures.join(", ")}: <code className="font-mono">success</code> is false,{" "}
              <code className="font-mono">message</code> gives the reason, and{" "}
              <code className="font-mono">fieldErrors</code> lists the invalid fields.
            </p>
          </div>
          <TryRequest operation={operation} token={token} example={example} />
        </div>
      )}
    </details>
  );
}
