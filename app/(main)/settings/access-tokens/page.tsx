import { KeyRound } from "lucide-react";
import type { Metadata } from "next";
import { AccessTokenTable } from "@/components/access-tokens/access-token-table";
import { GenerateTokenButton } from "@/components/access-tokens/generate-token-button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { listAccessTokens } from "@/lib/access-tokens/queries";
import { webEnv } from "@/lib/env";
import { requireActor } from "@/lib/next/require-scope";

export const metadata: Metadata = { title: "Access tokens" };

export default async function AccessTokensPage() {
  const { PUBLIC_URL, AUTOMATE_PUBLIC_URL } = webEnv();
  const tokens = await listAccessTokens(await requireActor());
  return (
    <>
      <PageHeader
        title="Access tokens"
        description="Scripts use an access token for the management API. It has your permissions, except that it never returns a value and cannot change members, pipeline tokens or destinations."
        // Always in the same position. If the first token moved this button, its dialog, which shows the
        // token, would unmount.
        actions={<GenerateTokenButton webUrl={PUBLIC_URL} automateUrl={AUTOMATE_PUBLIC_URL} />}
      />
      {tokens.length > 0 ? (
        <AccessTokenTable tokens={tokens} />
      ) : (
        <EmptyState icon={<KeyRound />} title="No access tokens yet">
          Create one to manage fabrics, secrets and connections from a script or the command line.
        </EmptyState>
      )}
    </>
  );
}
