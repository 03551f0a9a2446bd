import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { ReviewForm } from "@/components/account-review/review-form";
import { AuthFrame } from "@/components/shell/auth-frame";
import { findReview } from "@/lib/account-review/queries";
import { openIdName } from "@/lib/next/auth/open-id";
import { requireActor } from "@/lib/next/require-scope";

export const metadata: Metadata = { title: "Review your account" };

export default async function AccountReviewPage() {
  const actor = await requireActor();
  const review = await findReview(actor.id);
  if (!review) redirect("/metadata");
  return (
    <AuthFrame
      width="wide"
      title="Review your account"
      description={
        <>
          <strong className="wrap-anywhere text-ink">{actor.email}</strong> had an account before you signed
          in with {openIdName() ?? "single sign-on"}. Someone else may have created it. Everything below is
          suspended. Keep what you recognize; Selvage removes the rest.
        </>
      }
    >
      <ReviewForm review={review} />
    </AuthFrame>
  );
}
