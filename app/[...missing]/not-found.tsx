import BareNotFound from "@/app/not-found";
import { NotFoundContent } from "@/components/shell/not-found-content";
import { SignedInShell } from "@/components/sign-in/signed-in-shell";
import { hasReview } from "@/lib/account-review/queries";
import { currentActor } from "@/lib/next/actor";

/** An address that no page has. Signed-in people keep the shell; visitors see a bare page. */
export default async function MissingNotFound() {
  const actor = await currentActor();
  if (!actor || (await hasReview(actor.id))) return <BareNotFound />;
  return (
    <SignedInShell user={{ name: actor.name, email: actor.email }}>
      <div className="page flex flex-col gap-6">
        <NotFoundContent />
      </div>
    </SignedInShell>
  );
}
