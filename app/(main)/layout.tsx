import { redirect } from "next/navigation";
import { SignInMethods } from "@/components/reauthenticate/sign-in-methods";
import { UndoProvider } from "@/components/shell/undo-provider";
import { SignedInShell } from "@/components/sign-in/signed-in-shell";
import { ToastProvider } from "@/components/ui/toast";
import { hasReview } from "@/lib/account-review/queries";
import { openIdName } from "@/lib/next/auth/open-id";
import { requireActor } from "@/lib/next/require-scope";
import { hasPassword } from "@/lib/users/queries";

export default async function MainLayout({ children }: { children: React.ReactNode }) {
  const { id, name, email } = await requireActor();
  if (await hasReview(id)) redirect("/account-review");
  return (
    <SignInMethods hasPassword={await hasPassword(id)} openIdName={openIdName()}>
      <ToastProvider>
        <UndoProvider>
          <SignedInShell user={{ name, email }}>{children}</SignedInShell>
        </UndoProvider>
      </ToastProvider>
    </SignInMethods>
  );
}
