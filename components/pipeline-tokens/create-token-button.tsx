"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Plus } from "lucide-react";
import { loginCommands } from "@/components/pipeline-tokens/login-commands";
import { NewTokenPanel } from "@/components/pipeline-tokens/new-token-panel";
import { TokenFields } from "@/components/pipeline-tokens/token-fields";
import { TokenLimitFields } from "@/components/pipeline-tokens/token-limit-fields";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useDialog } from "@/components/ui/use-dialog";
import { createPipelineTokenAction } from "@/lib/pipeline-tokens/actions";
import { createPipelineTokenInput, tokenLifetimeKeys, tokenLifetimes } from "@/lib/pipeline-tokens/schema";

const resolver = zodResolver(createPipelineTokenInput);
const texts = {
  automate_unavailable: "Automate is not available, so no token was created. Try again in a moment.",
};
const defaultValues = {
  name: "",
  lifetime: "90",
  onlySecrets: "",
  onlyConnections: "",
  onlyFrom: "",
} as const;
const lifetimes = tokenLifetimeKeys.map((key) => ({ value: key, label: tokenLifetimes[key].label }));

export function CreateTokenButton({
  fabric,
  webUrl,
  automateUrl,
}: {
  fabric: { id: string; name: string };
  webUrl: string;
  automateUrl: string;
}) {
  const dialog = useDialog();
  const url = new URL("/v1/secrets/NAME", automateUrl);
  return (
    <>
      <Button variant="primary" icon={<Plus aria-hidden />} onClick={dialog.open}>
        Create token
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Create pipeline token"
        description="Anyone with this token can read every secret of this fabric, unless you limit it below."
      >
        <ProtectedDialogForm
          resolver={resolver}
          defaultValues={defaultValues}
          action={(input) => createPipelineTokenAction(fabric.id, input)}
          texts={texts}
          outcome={({ token }) => (
            <NewTokenPanel
              title="Pipeline token created"
              token={token}
              login={loginCommands({ webUrl, automateUrl }, fabric)}
              tryIt={{
                title: "Or with curl: replace NAME with a secret’s name",
                command: `curl -H "Authorization: Bearer ${token}" ${url}`,
              }}
            />
          )}
          submitLabel="Create"
        >
          <TokenFields
            nameHint="Name the pipeline that will use it: Activity shows this name."
            lifetimes={lifetimes}
          />
          <TokenLimitFields />
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
