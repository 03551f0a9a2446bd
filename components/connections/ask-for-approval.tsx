"use client";

import { useState } from "react";
import { errorText } from "@/components/form/error-texts";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

/**
 * Requests an Admin's approval, in one click or with a reason. Has no form of its own: inside the
 * connection's form, Enter would submit that one.
 */
export function AskForApproval({
  onAsk,
}: {
  /** Returns null on success, otherwise an error code. */
  onAsk: (reason: string) => Promise<string | null>;
}) {
  const [reason, setReason] = useState("");
  const [state, setState] = useState<"open" | "asking" | "asked">("open");
  const [error, setError] = useState<string>();

  async function ask() {
    setState("asking");
    const code = await onAsk(reason.trim()).catch(() => "outcome_unknown");
    setState(code === null ? "asked" : "open");
    setError(code === null ? undefined : errorText(code));
  }

  if (state === "asked")
    return (
      <p role="status" className="mt-2.5 text-ink">
        You asked. You can save the connection meanwhile; it waits until an Admin decides.
      </p>
    );
  return (
    <div className="mt-2.5 flex flex-col gap-2.5 text-ink">
      <Field label="Reason" error={error}>
        <Input
          value={reason}
          maxLength={280}
          autoComplete="off"
          onChange={({ target }) => setReason(target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            void ask();
          }}
        />
      </Field>
      <Button size="sm" className="self-start" isPending={state === "asking"} onClick={ask}>
        Ask for approval
      </Button>
    </div>
  );
}
