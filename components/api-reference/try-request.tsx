"use client";

import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Banner } from "@/components/ui/banner";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import type { ReferenceOperation } from "@/web/management-api/schema";

type Answer = { status: number; tag: string | null; text: string };

export function TryRequest({
  operation: { id, method, path, pathParameters, queries, headers: ownHeaders },
  token,
  example,
}: {
  operation: ReferenceOperation;
  token: string;
  example: string | null;
}) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [body, setBody] = useState(example ?? "");
  const [isPending, setIsPending] = useState(false);
  const [answer, setAnswer] = useState<Answer | "unreachable" | null>(null);
  const isReady = token !== "" && pathParameters.every((name) => values[name]);

  async function send() {
    setIsPending(true);
    const filledPath = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ""));
    const queryEntries = queries.flatMap(({ path: name }) => (values[name] ? [[name, values[name]]] : []));
    const query = queryEntries.length > 0 ? `?${new URLSearchParams(queryEntries)}` : "";
    const headers = {
      "x-auth-token": token,
      ...Object.fromEntries(
        ownHeaders.flatMap(({ path: name }) => (values[name] ? [[name, values[name]]] : [])),
      ),
      ...(example === null ? {} : { "content-type": "application/json" }),
    };
    // Authenticate with the token alone: omit cookies.
    const init: RequestInit = { method, headers, credentials: "omit", ...(example === null ? {} : { body }) };
    const response = await fetch(`${filledPath}${query}`, init).catch(() => null);
    setAnswer(response ? await read(response) : "unreachable");
    setIsPending(false);
  }

  return (
    <form
      className="flex min-w-0 flex-col gap-4"
      aria-label={`Try ${id}`}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {[...pathParameters.map((path) => ({ path, type: "string" })), ...queries, ...ownHeaders].map(
        ({ path: name, type }) => {
          const choices = choicesOf(type);
          const control = {
            className: "font-mono",
            value: values[name] ?? "",
            onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
              setValues({ ...values, [name]: currentTarget.value }),
          };
          return (
            <Field key={name} label={name} isRequired={pathParameters.includes(name)}>
              {choices ? (
                <Select {...control} placeholder="Not set" options={choices} />
              ) : (
                <Input {...control} autoComplete="off" />
              )}
            </Field>
          );
        },
      )}
      {example !== null && (
        <Field label="Body" isRequired>
          <Textarea
            rows={Math.min(18, body.split("\n").length + 1)}
            spellCheck={false}
            className="font-mono text-sm"
            value={body}
            onChange={(event) => setBody(event.currentTarget.value)}
          />
        </Field>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" isPending={isPending} disabled={!isReady}>
          Send
        </Button>
        {!isReady && (
          <p className="text-muted text-sm">
            {token === "" ? "Enter your access token above to try it." : "Enter the path parameters first."}
          </p>
        )}
      </div>
      <div aria-live="polite">
        {answer === "unreachable" && <Banner tone="danger">The server could not be reached.</Banner>}
        {answer !== null && answer !== "unreachable" && (
          <div className="flex flex-col gap-2">
            <p className="flex flex-wrap items-center gap-2">
              <Badge tone={answer.status === 200 ? "success" : "danger"}>{answer.status}</Badge>
              {answer.tag !== null && <code className="break-all font-mono text-sm">ETag: {answer.tag}</code>}
            </p>
            <pre className="max-h-96 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-sm">
              {answer.text}
            </pre>
          </div>
        )}
      </div>
    </form>
  );
}

/** The values of a closed list, from a type such as `"asc" | "desc"`; null for any other type. */
function choicesOf(type: string): { value: string; label: string }[] | null {
  const parts = type.split(" | ");
  if (!parts.every((part) => /^"[^"\\]*"$/.test(part))) return null;
  return parts.map((part) => part.slice(1, -1)).map((value) => ({ value, label: value }));
}

async function read(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, tag: headers.get("etag"), text: pretty(await response.text()) };
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Show a body that is not JSON, such as a proxy's error page, unchanged.
    return text;
  }
}
