"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { Plus } from "lucide-react";
import { loginCommands } from "@/components/pipeline-tokens/login-commands";
import { NewTokenPanel } from "@/components/pipeline-tokens/new-token-panel";
import { TokenFields } from "@/components/pipeline-tokens/token-fields";
import { ProtectedDialogForm } from "@/components/reauthenticate/protected-dialog-form";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useDialog } from "@/components/ui/use-dialog";
import { createAccessTokenAction } from "@/lib/access-tokens/actions";
import {
  accessTokenLifetimeKeys,
  accessTokenLifetimes,
  createAccessTokenInput,
} from "@/lib/access-tokens/schema";

const resolver = zodResolver(createAccessTokenInput);
const lifetimes = accessTokenLifetimeKeys.map((key) => ({
  value: key,
  label: accessTokenLifetimes[key].label,
}));

export function GenerateTokenButton({ webUrl, automateUrl }: { webUrl: string; automateUrl: string }) {
  const dialog = useDialog();
  const url = new URL("/api/orchestration/fabric", webUrl);
  return (
    <>
      <Button variant="primary" icon={<Plus aria-hidden />} onClick={dialog.open}>
        Create token
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Create access token"
        description="Anyone with this token can use the management API with your permissions, in all your teams."
      >
        <ProtectedDialogForm
          resolver={resolver}
          defaultValues={{ name: "", lifetime: "90" }}
          action={createAccessTokenAction}
          outcome={({ token }) => (
            <NewTokenPanel
              title="Access token created"
              token={token}
              login={loginCommands({ webUrl, automateUrl })}
              tryIt={{
                title: "Or list your fabrics with curl",
                command: `curl -H "X-AUTH-TOKEN: ${token}" ${url}`,
              }}
            />
          )}
          submitLabel="Create"
        >
          <TokenFields
            nameHint="Name the script or machine that will use it: Activity shows this name."
            lifetimes={lifetimes}
          />
        </ProtectedDialogForm>
      </Dialog>
    </>
  );
}
