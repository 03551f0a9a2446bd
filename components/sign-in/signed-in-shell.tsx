"use client";

import { signOut } from "next-auth/react";
import type { ReactNode } from "react";
import { AppShell } from "@/components/shell/app-shell";

/** The shell of a signed-in person. Signing out ends the session in the database, not only the cookie. */
export function SignedInShell({
  user,
  children,
}: {
  user: { name: string; email: string };
  children: ReactNode;
}) {
  async function leave() {
    await signOut({ redirect: false });
    window.location.assign("/sign-in");
  }
  return (
    <AppShell user={user} onSignOut={leave}>
      {children}
    </AppShell>
  );
}
