"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { CreateTokenForm } from "@/components/pipeline-tokens/create-token-form";
import { NewTokenPanel } from "@/components/pipeline-tokens/new-token-panel";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useDialog } from "@/components/ui/use-dialog";

type Place = { fabric: { id: string; name: string }; automateUrl: string };

export function CreateTokenButton(place: Place) {
  const dialog = useDialog();
  return (
    <>
      <Button variant="primary" icon={<Plus aria-hidden />} onClick={dialog.open}>
        Create token
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Create pipeline token"
        description="Anyone who holds it can read every secret of this fabric, unless you limit it below."
      >
        <CreateToken {...place} onDone={dialog.close} />
      </Dialog>
    </>
  );
}

/** The token exists only in this state. Closing the dialog discards it. */
function CreateToken({ fabric, automateUrl, onDone }: Place & { onDone: () => void }) {
  const [token, setToken] = useState<string | null>(null);
  if (token === null) return <CreateTokenForm fabricId={fabric.id} onCreated={setToken} />;
  const url = new URL("/v1/secrets/NAME", automateUrl);
  const command = `curl -H "Authorization: Bearer ${token}" ${url}`;
  const title = "Or with curl, a secret's name for NAME";
  const login = `npx selvage login --pipeline ${quoted(fabric.name)}`;
  return <NewTokenPanel token={token} login={login} tryIt={{ title, command }} onDone={onDone} />;
}

/**
 * Quotes a name for any shell: in double quotes, or in single quotes if it contains characters that double
 * quotes expand.
 */
function quoted(name: string): string {
  return /["$`\\!]/.test(name) ? `'${name.replaceAll("'", `'\\''`)}'` : `"${name}"`;
}
