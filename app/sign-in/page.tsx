import type { Metadata } from "next";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { AuthFrame } from "@/components/shell/auth-frame";
import { OpenIdButton } from "@/components/sign-in/open-id-button";
import { SignInForm } from "@/components/sign-in/sign-in-form";
import { Banner } from "@/components/ui/banner";
import { webEnv } from "@/lib/env";
import { currentActor } from "@/lib/next/actor";
import { openIdName } from "@/lib/next/auth/open-id";
import { ownPath } from "@/lib/next/auth/sign-in-path";

export const metadata: Metadata = { title: "Sign in" };

type SearchParams = Promise<{ callbackUrl?: string | string[]; error?: string | string[] }>;

export default async function SignInPage({ searchParams }: { searchParams: SearchParams }) {
  const { callbackUrl, error } = await searchParams;
  const returnTo = ownPath([callbackUrl].flat()[0]);
  await goToPublicHost(returnTo);
  if (await currentActor()) redirect(returnTo);
  const openId = openIdName();
  return (
    <AuthFrame title="Sign in" description="The secret manager for your fabrics.">
      <div className="flex flex-col gap-5">
        {error && (
          <Banner tone="danger" isLive>
            {errorText([error].flat()[0] ?? "")}
          </Banner>
        )}
        <SignInForm returnTo={returnTo} />
        {openId && <OpenIdButton name={openId} returnTo={returnTo} />}
      </div>
    </AuthFrame>
  );
}

/**
 * Redirects from another loopback name to the public address, because the sign-in cookies belong to that
 * host.
 */
async function goToPublicHost(returnTo: string): Promise<void> {
  const { host, origin } = new URL(webEnv().PUBLIC_URL);
  const requestHost = (await headers()).get("host");
  if (requestHost !== null && requestHost !== host)
    redirect(`${origin}/sign-in?${new URLSearchParams({ callbackUrl: returnTo })}`);
}

function errorText(code: string): string {
  if (code === "uninvited")
    return "This account has no access to Selvage. Ask an Admin of your team for an invitation to your e-mail address.";
  if (code === "CredentialsSignin") return "Wrong e-mail or password.";
  return "Sign-in failed. Try again in a moment.";
}
