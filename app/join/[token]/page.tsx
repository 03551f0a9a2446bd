import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { JoinAsNewPersonForm } from "@/components/join/join-as-new-person-form";
import { JoinTeamButton } from "@/components/join/join-team-button";
import { SignInToJoinForm } from "@/components/join/sign-in-to-join-form";
import { SignOutButton } from "@/components/join/sign-out-button";
import { AuthFrame } from "@/components/shell/auth-frame";
import { OpenIdButton } from "@/components/sign-in/open-id-button";
import { ButtonLink } from "@/components/ui/button";
import { findJoinedTeam, findOffer } from "@/lib/invitations/queries";
import type { InvitationOffer } from "@/lib/invitations/schema";
import { currentActor, type SessionActor } from "@/lib/next/actor";
import { openIdName } from "@/lib/next/auth/open-id";
import { roleNames } from "@/lib/teams/schema";
import { findAccount } from "@/lib/users/queries";
import { emailKey } from "@/lib/users/schema";

export const metadata: Metadata = { title: "Join a team" };

export default async function JoinPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  const [offer, actor] = await Promise.all([findOffer(token), currentActor()]);
  if (!offer) {
    const joined = actor && (await findJoinedTeam(actor, token));
    if (joined) redirect(`/metadata/teams/${joined.teamId}`);
    return <NoInvitation />;
  }
  return (
    <AuthFrame
      title={`Join ${offer.teamName}`}
      description={
        <>
          {offer.invitedBy} invites <strong className="wrap-anywhere text-ink">{offer.email}</strong> to join
          the team {offer.teamName} as {roleNames[offer.role]}.
        </>
      }
    >
      <div className="flex flex-col gap-5">
        <JoinOptions offer={offer} token={token} actor={actor} />
      </div>
    </AuthFrame>
  );
}

async function JoinOptions({
  offer,
  token,
  actor,
}: {
  offer: InvitationOffer;
  token: string;
  actor: SessionActor | null;
}) {
  if (actor && emailKey(actor.email) === emailKey(offer.email))
    return <JoinTeamButton token={token} teamName={offer.teamName} />;
  if (actor) return <OtherPerson email={actor.email} />;
  const account = await findAccount(emailKey(offer.email));
  const openId = openIdName();
  return (
    <>
      {!account && <JoinAsNewPersonForm token={token} email={offer.email} />}
      {account?.hasPassword && <SignInToJoinForm email={offer.email} />}
      {/* The provider's verified e-mail address redeems the invitation, so sign-in need not return to this
          link. */}
      {openId && <OpenIdButton name={openId} returnTo="/metadata/teams" />}
      {account && !account.hasPassword && !openId && (
        <p>This account has no password. Ask an operator of Selvage to set one.</p>
      )}
    </>
  );
}

function OtherPerson({ email }: { email: string }) {
  return (
    <>
      <p>
        You are signed in as <strong className="wrap-anywhere">{email}</strong>. This invitation is for
        another e-mail address. Sign out, then open the link again.
      </p>
      <SignOutButton />
    </>
  );
}

function NoInvitation() {
  return (
    <AuthFrame
      title="This invitation is not valid"
      description="It was used or revoked, it has expired, or the link is incomplete. Ask the person who sent it for a new one."
    >
      <ButtonLink href="/sign-in">Go to sign-in</ButtonLink>
    </AuthFrame>
  );
}
