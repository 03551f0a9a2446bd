"use client";

import { Plus } from "lucide-react";
import { useState } from "react";
import { GenerateTokenForm } from "@/components/access-tokens/generate-token-form";
import { NewTokenPanel } from "@/components/pipeline-tokens/new-token-panel";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useDialog } from "@/components/ui/use-dialog";

export function GenerateTokenButton({ apiUrl }: { apiUrl: string }) {
  const dialog = useDialog();
  return (
    <>
      <Button variant="primary" icon={<Plus aria-hidden />} onClick={dialog.open}>
        Generate Token
      </Button>
      <Dialog
        isOpen={dialog.isOpen}
        onClose={dialog.close}
        title="Generate Token"
        description="Anyone who holds it can do by script what you can do, in every team that you are in."
      >
        <GenerateToken apiUrl={apiUrl} onDone={dialog.close} />
      </Dialog>
    </>
  );
}

/** The token exists only in this state. Closing the dialog discards it. */
function GenerateToken({ apiUrl, onDone }: { apiUrl: string; onDone: () => void }) {
  const [token, setToken] = useState<string | null>(null);
  if (token === null) return <GenerateTokenForm onCreated={setToken} />;
  const url = new URL("/api/orchestration/fabric", apiUrl);
  const command = `curl -H "X-AUTH-TOKEN: ${token}" ${url}`;
  return (
    <NewTokenPanel
      token={token}
      login="npx selvage login"
      tryIt={{ title: "Or with curl: list your fabrics", command }}
      onDone={onDone}
    />
  );
}
