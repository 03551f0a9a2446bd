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
export function RequestApproval({
  onRequest,
}: {
  /** Returns null on success, otherwise an error code. */
  onRequest: (reason: string) => Promise<string | null>;
}) {
  const [reason, setReason] = useState("");
  const [state, setState] = useState<"editing" | "sending" | "sent">("editing");
  const [error, setError] = useState<string>();

  async function request() {
    setState("sending");
    const code = await onRequest(reason.trim()).catch(() => "outcome_unknown");
    setState(code === null ? "sent" : "editing");
    setError(code === null ? undefined : errorText(code));
  }

  if (state === "sent")
    return (
      <p role="status" className="mt-2.5 text-ink">
        Approval requested. You can save the connection now. It waits until an Admin decides.
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
            void request();
          }}
        />
      </Field>
      <Button size="sm" className="self-start" isPending={state === "sending"} onClick={request}>
        Request approval
      </Button>
    </div>
  );
}
