"use client";

import { useToastedAct } from "@/components/reauthenticate/use-toasted-act";
import { Button } from "@/components/ui/button";
import { requestAddressCodeAction } from "@/lib/reminders/actions";

const texts = { too_soon: "A code was sent less than a minute ago. Look for its e-mail, or wait a minute." };

export function SendCodeButton({ isAgain }: { isAgain: boolean }) {
  const { run, isPending, dialog } = useToastedAct();

  async function send() {
    await run(() => requestAddressCodeAction({}), {
      done: "Code on its way",
      description: "It is valid for 15 minutes.",
      failed: "No code was sent",
      texts,
    });
  }

  return (
    <>
      <Button variant={isAgain ? "secondary" : "primary"} isPending={isPending} onClick={send}>
        {isAgain ? "Send another code" : "Send code"}
      </Button>
      {dialog}
    </>
  );
}
